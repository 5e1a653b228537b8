#!/bin/sh
# This script gives azlin the fewest rights that it needs in Azure. It creates:
# - two identities for the pipelines in github-actions/. GitHub Actions signs in to them with OIDC, without any secret.
# - a role for people who use `azlin connect --start`.
#
# To use it:
# 1. Create the GitHub environments `azlin-reviewed` and `azlin-approval`, with their rules. Once this script has run,
#    whoever runs a job in one of them may write tags.
# 2. Do what the lines marked ADAPT say.
# 3. Sign in as an Owner of the subscription (`az login`) and run this script once. It creates a resource group and the
#    identities, and assigns the roles. If you run it again, it changes only what isn't in place yet.
#
# For Azure Pipelines, the roles are the same. But the wizard for service connections creates the identity and its
# federated credential. Assign the roles below to its principal, and skip the rest.

set -eu

# ADAPT these.
SUBSCRIPTION=00000000-0000-0000-0000-000000000000
GROUP=rg-azlin             # the resource group of the two identities
LOCATION=westeurope
REPOSITORY=OWNER/REPOSITORY # as GitHub spells it: Azure's comparison is case-sensitive

# The scope of the roles. azlin keeps names unique across all VMs of the subscription, so it reads all of it. If the
# file has `scope = "groups"`, run this for each of its groups instead:
# /subscriptions/$SUBSCRIPTION/resourceGroups/GROUP.
SCOPE=/subscriptions/$SUBSCRIPTION

# The subject in the token that GitHub gives to a job. For some repositories, it contains the ids of the owner and the
# repository, so that nobody can take over an old name. These are the repositories created or renamed since 15 July
# 2026, and those that have opted in. To see yours, run
#   gh api "repos/$REPOSITORY" --jq '"repo:\(.owner.login)@\(.owner.id)/\(.name)@\(.id)"'
# and put the output here. If a sign-in fails because no subject matches, the message shows the one that GitHub sent.
SUBJECT=repo:$REPOSITORY

az account set --subscription "$SUBSCRIPTION"
az group create --name "$GROUP" --location "$LOCATION" --output none

# Use a managed identity rather than an app registration. It needs no rights in the directory, and nobody can add a
# password to it later.
identity() { # NAME
    az identity create --name "$1" --resource-group "$GROUP" --location "$LOCATION" --output none
}

# Azure gives a token to jobs with exactly this subject, and to no others.
trust() { # IDENTITY CREDENTIAL SUBJECT
    az identity federated-credential create --identity-name "$1" --resource-group "$GROUP" --name "$2" \
        --issuer https://token.actions.githubusercontent.com --audiences api://AzureADTokenExchange \
        --subject "$3" --output none
}

assign() { # IDENTITY ROLE
    principal=$(az identity show --name "$1" --resource-group "$GROUP" --query principalId --output tsv)
    # With the type, Azure skips the directory, where a new identity can take minutes to appear.
    az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \
        --role "$2" --scope "$SCOPE" --output none
}

# The identity of `azlin plan`. Whoever can push a branch can get its token, by changing the workflow in a pull request.
# So it may read, and nothing else.
identity azlin-plan
assign azlin-plan Reader
trust azlin-plan pull-request "$SUBJECT:pull_request"      # not for forks: GitHub gives their pull requests no token
trust azlin-plan main "$SUBJECT:ref:refs/heads/main"       # azlin-drift.yml, and the job `propose` of azlin-apply.yml

# The identity of `azlin apply`. It needs Reader to plan again and to check what Azure stored. It needs Tag Contributor
# to write through the Tags API, which can't change anything but tags. Tag Contributor may write any tag in its scope,
# not only azlin's, because Azure has no narrower role. If tags control costs or access in your subscription, consider
# `scope = "groups"`.
#
# Azure trusts environments here, not a branch. An environment has reviewers and a list of branches, and a job has to
# name it to get the token.
identity azlin-apply
assign azlin-apply Reader
assign azlin-apply 'Tag Contributor'
trust azlin-apply reviewed "$SUBJECT:environment:azlin-reviewed"
trust azlin-apply approval "$SUBJECT:environment:azlin-approval"

# The role for people. `azlin connect` requires Reader on the VMs, their network interfaces and their public IP
# addresses. `azlin connect --start` also requires the right to start a VM. The built-in role Virtual Machine
# Contributor has it. But that role may also delete every VM, run commands on it as root and reset its password. So this
# role has one action only. It can't stop a VM. No pipeline gets it.
STARTER='azlin VM starter'
if [ -z "$(az role definition list --custom-role-only true --name "$STARTER" --query '[].id' --output tsv)" ]; then
    az role definition create --output none --role-definition '{
        "Name": "'"$STARTER"'",
        "Description": "Start a stopped VM, for azlin connect --start.",
        "Actions": ["Microsoft.Compute/virtualMachines/start/action"],
        "NotActions": [],
        "AssignableScopes": ["/subscriptions/'"$SUBSCRIPTION"'"]
    }'
fi
# Assign it to a group rather than to each person. It can take minutes until you can assign a new role.
#   az role assignment create --assignee-object-id GROUP_OBJECT_ID --assignee-principal-type Group \
#       --role Reader --scope "$SCOPE"
#   az role assignment create --assignee-object-id GROUP_OBJECT_ID --assignee-principal-type Group \
#       --role "$STARTER" --scope "$SCOPE"

# The repository variables that the workflows require. They aren't secret: without the right subject, they open nothing.
echo "AZURE_TENANT_ID=$(az account show --query tenantId --output tsv)"
echo "AZURE_SUBSCRIPTION_ID=$SUBSCRIPTION"
for name in plan apply; do
    client=$(az identity show --name "azlin-$name" --resource-group "$GROUP" --query clientId --output tsv)
    echo "AZURE_$(echo "$name" | tr '[:lower:]' '[:upper:]')_CLIENT_ID=$client"
done
