#!/bin/sh
# The least rights that azlin needs in Azure: two identities for the pipelines in github-actions/, which GitHub Actions signs in to
# by OIDC without any secret, and a role for people who use `azlin connect --start`.
#
# Run it once, signed in (`az login`) as an Owner of the subscription: it makes a resource group and identities and assigns roles.
# Running it again changes nothing that is already so. Make the GitHub environments `azlin-reviewed` and `azlin-approval` first,
# with their rules: from here on, whoever runs a job in one of them may write tags.
#
# For Azure Pipelines the roles are the same, but the service connection's wizard makes the identity and its federated credential:
# assign the roles below to its principal and leave the rest out.

set -eu

# ADAPT these.
SUBSCRIPTION=00000000-0000-0000-0000-000000000000
GROUP=rg-azlin             # the resource group that holds the two identities
LOCATION=westeurope
REPOSITORY=OWNER/REPOSITORY # as GitHub writes it: Azure compares letter by letter, and case counts

# Where azlin looks. It holds names unique over all VMs of the subscription, so it reads all of it. If the file says
# `scope = "groups"`, run this for each of its groups instead: /subscriptions/$SUBSCRIPTION/resourceGroups/GROUP.
SCOPE=/subscriptions/$SUBSCRIPTION

# What GitHub says that a job is. A repository that was made or renamed since 15 July 2026, or that has opted in, has the numbers
# of its owner and itself in it, so that nobody can take over an old name; ask for yours with
#   gh api "repos/$REPOSITORY" --jq '"repo:\(.owner.login)@\(.owner.id)/\(.name)@\(.id)"'
# and put it here. Where a sign-in fails for want of a match, its message shows the subject that GitHub sent.
SUBJECT=repo:$REPOSITORY

az account set --subscription "$SUBSCRIPTION"
az group create --name "$GROUP" --location "$LOCATION" --output none

# A managed identity rather than an app registration: it needs no rights in the directory, and has no password that someone could
# add to it later.
identity() { # NAME
    az identity create --name "$1" --resource-group "$GROUP" --location "$LOCATION" --output none
}

# Azure gives a token to a job with this very subject and to no other.
trust() { # IDENTITY CREDENTIAL SUBJECT
    az identity federated-credential create --identity-name "$1" --resource-group "$GROUP" --name "$2" \
        --issuer https://token.actions.githubusercontent.com --audiences api://AzureADTokenExchange \
        --subject "$3" --output none
}

assign() { # IDENTITY ROLE
    principal=$(az identity show --name "$1" --resource-group "$GROUP" --query principalId --output tsv)
    # With the type, Azure does not look the principal up in the directory, where a new identity may take minutes to appear.
    az role assignment create --assignee-object-id "$principal" --assignee-principal-type ServicePrincipal \
        --role "$2" --scope "$SCOPE" --output none
}

# The identity of `azlin plan`. Everyone who can push a branch can get its token, by changing the workflow in a pull request. So it
# reads, and nothing else.
identity azlin-plan
assign azlin-plan Reader
trust azlin-plan pull-request "$SUBJECT:pull_request"      # not for forks: GitHub gives their pull requests no token
trust azlin-plan main "$SUBJECT:ref:refs/heads/main"       # azlin-drift.yml, and the job `propose` of azlin-apply.yml

# The identity of `azlin apply`. Reader to plan again and to read back; Tag Contributor to write through the Tags API, which cannot
# touch anything but tags. It can touch any tag of anything in scope, not only azlin's: Azure has no narrower right. Where tags
# decide about money or access, that is a reason for `scope = "groups"`.
# By environment, not by branch: an environment has reviewers and a list of branches, and a job has to name it to get the token.
identity azlin-apply
assign azlin-apply Reader
assign azlin-apply 'Tag Contributor'
trust azlin-apply reviewed "$SUBJECT:environment:azlin-reviewed"
trust azlin-apply approval "$SUBJECT:environment:azlin-approval"

# For people. `azlin connect` needs Reader where the VMs, their network interfaces and public IPs are. `azlin connect --start` needs
# to start a VM besides. The built-in Virtual Machine Contributor could, but may also delete every VM, run commands on it as root
# and reset its password; so this is a role with that one action. It cannot stop a VM. No pipeline gets it.
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
# To a group of people rather than to each of them. A new role can take minutes until it can be assigned.
#   az role assignment create --assignee-object-id GROUP_OBJECT_ID --assignee-principal-type Group \
#       --role Reader --scope "$SCOPE"
#   az role assignment create --assignee-object-id GROUP_OBJECT_ID --assignee-principal-type Group \
#       --role "$STARTER" --scope "$SCOPE"

# What the workflows want as variables of the repository. None of it is secret: without the right subject it opens nothing.
echo "AZURE_TENANT_ID=$(az account show --query tenantId --output tsv)"
echo "AZURE_SUBSCRIPTION_ID=$SUBSCRIPTION"
for name in plan apply; do
    client=$(az identity show --name "azlin-$name" --resource-group "$GROUP" --query clientId --output tsv)
    echo "AZURE_$(echo "$name" | tr '[:lower:]' '[:upper:]')_CLIENT_ID=$client"
done
