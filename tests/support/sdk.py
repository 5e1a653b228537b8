"""Microsoft's SDK for Azure, for a test that asks it: `sdk.py ENDPOINT SUBSCRIPTION`.

Says on its first line what is missing, or null. From then on each line of stdin is a Python expression over the clients
below, as JSON, and each line of stdout its value, or how Azure refused it.
"""

import json
import sys

try:
    from azure.core.credentials import AccessToken
    from azure.core.exceptions import HttpResponseError
    from azure.core.pipeline.policies import SansIOHTTPPolicy
    from azure.mgmt.compute import ComputeManagementClient
    from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy
    from azure.mgmt.network import NetworkManagementClient
    from azure.mgmt.resource.resources import ResourceManagementClient
except ImportError as missing:
    print(json.dumps(str(missing)), flush=True)
    sys.exit()

ENDPOINT, SUBSCRIPTION = sys.argv[1:]


class AnyToken:
    def get_token(self, *scopes, **options):
        return AccessToken("anything", 2**40)


class OverHttp(ARMChallengeAuthenticationPolicy):
    """The SDK's own, told that a token may go over http: it goes to loopback only."""

    def on_request(self, request):
        request.context.options["enforce_https"] = False
        super().on_request(request)


def client(kind, subscription=SUBSCRIPTION, sign_in=OverHttp(AnyToken(), f"{ENDPOINT}/.default")):
    return kind(AnyToken(), subscription, base_url=ENDPOINT, authentication_policy=sign_in, retry_total=0)


compute = client(ComputeManagementClient)
network = client(NetworkManagementClient)
resources = client(ResourceManagementClient)
signed_out = client(ComputeManagementClient, sign_in=SansIOHTTPPolicy())


def elsewhere(subscription):
    return client(ComputeManagementClient, subscription)


def vm(name):
    """The id of the VM that is called `GROUP/NAME`."""
    group, name = name.split("/")
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Compute/virtualMachines/{name}"


def tags(name):
    return resources.tags.get_at_scope(vm(name)).properties.tags


def patch(name, operation, tags):
    body = {"operation": operation, "properties": {"tags": tags}}
    return resources.tags.begin_update_at_scope(vm(name), body, polling_interval=0).result().properties.tags


def start(name):
    # The SDK takes Azure's "ask again in 0 seconds" for no wish at all.
    poller = compute.virtual_machines.begin_start(*name.split("/"), polling_interval=0)
    poller.result()
    return poller.status()


def power(name):
    view = compute.virtual_machines.get(*name.split("/"), expand="instanceView").instance_view
    return [status.code for status in view.statuses if status.code.startswith("PowerState/")]


def pages(listed):
    return [len(list(page)) for page in listed.by_page()]


print("null", flush=True)
for line in sys.stdin:
    try:
        answer = {"value": eval(json.loads(line))}
    except HttpResponseError as refused:
        code = refused.error and refused.error.code
        answer = {"refused": f"{type(refused).__name__} {refused.status_code} {code}"}
    print(json.dumps(answer), flush=True)
