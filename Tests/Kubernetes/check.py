"""Checks config/kubernetes without a cluster.

The manifests are held against the schemas of the API and against each other. Then the release program
serves their ConfigMap with the pod's arguments, user and restrictions, in a network with the pod's address.
Its root, which nobody can write to, is that of the image that is given as argument, or else has the libraries
and authorities of this host and nothing more. Run by .ci/kubernetes, in a network and a mount namespace of
its own.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from manifests import Manifests

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("HORIZOND_BINARY", REPOSITORY / ".build/release/horizond"))
ADDRESS = "10.244.0.7"
TOKEN = "0123456789abcdef0123456789abcdef"


def run(*command):
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout


def make_network(pod):
    run("ip", "link", "set", "lo", "up")
    run("ip", "addr", "add", f"{ADDRESS}/32", "dev", "lo")
    for sysctl in pod["spec"]["securityContext"]["sysctls"]:
        pathlib.Path("/proc/sys", *sysctl["name"].split(".")).write_text(sysctl["value"])


def make_root(root, manifests, image):
    places = {"/dev": "dev", "/proc": "proc"}
    if not image:
        places |= {"/usr": "usr", "/etc/ssl": "etc/ssl"}
        for place in *places.values(), "etc/horizond":
            (root / place).mkdir(parents=True)
        for name in "bin", "lib", "lib64":
            (root / name).symlink_to(f"usr/{name}")
        (root / "horizond").touch()
    run("mount", "--bind", image or root, root)
    for source, place in places.items():
        run("mount", "--rbind", source, root / place)
    if not image:
        run("mount", "--bind", BINARY, root / "horizond")
    (mount,) = manifests.container["volumeMounts"]
    volume = root.parent / "volume"
    volume.mkdir()
    manifests.lay_out(volume, {"cookies": TOKEN, "admin-token": TOKEN})
    run("mount", "--bind", volume, root / mount["mountPath"][1:])
    run("mount", "-o", "remount,bind,ro", root)


def command(root, manifests, arguments, image):
    security = manifests.pod["spec"]["securityContext"]
    own = manifests.container["securityContext"]
    assert own["readOnlyRootFilesystem"] and not own["allowPrivilegeEscalation"]
    assert own["capabilities"] == {"drop": ["ALL"]} and security["runAsNonRoot"]
    return [
        "chroot", root, "/usr/bin/setpriv", f"--reuid={security['runAsUser']}",
        f"--regid={security['runAsGroup']}", "--clear-groups", "--no-new-privs",
        "--bounding-set=-all", "--inh-caps=-all", "horizond" if image else "/horizond", *arguments,
    ]


def status(path, port, token=None):
    request = urllib.request.Request(f"http://{ADDRESS}:{port}{path}")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=2) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def becomes_ready(manifests, port):
    path = manifests.container["readinessProbe"]["httpGet"]["path"]
    end = time.monotonic() + 10
    while status(path, port) != 200:
        assert time.monotonic() < end, "it does not become ready"
        time.sleep(0.05)


def ask(server, manifests):
    """What kubelet, clients and Prometheus ask."""
    ports = {it["name"]: it["containerPort"] for it in manifests.container["ports"]}
    admin = ports["admin"]
    becomes_ready(manifests, admin)
    assert status(manifests.container["livenessProbe"]["httpGet"]["path"], admin) == 200
    # Nothing that its upstreams are is to be reached here.
    assert status("/ready", admin) == 503
    endpoint = manifests.get("ServiceMonitor")["spec"]["endpoints"][0]
    assert status(endpoint["path"], admin) == 401
    assert status(endpoint["path"], admin, TOKEN) == 200
    assert status("/", admin) == 401
    dig = ["dig", "+short", "+time=2", "+tries=1", "-b", ADDRESS, "@" + ADDRESS]
    for transport in [], ["+tcp"]:
        answer = run(*dig, *transport, "-p", str(ports["dns"]), "argocd.vanillax.me").strip()
        assert answer == "192.168.10.50", answer
    digest = run(*dig, "CH", "TXT", "digest.server").strip().strip('"')
    memory = re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{server.pid}/status").read_text())
    used = int(memory[1]) / 1024
    requested = manifests.container["resources"]["requests"]["memory"]
    assert used < int(requested.removesuffix("Mi")), used
    return f"it answers with digest {digest}, in {used:.0f} of {requested}"


def serve(manifests, image):
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory) / "root"
        root.mkdir()
        os.chmod(directory, 0o755)
        make_network(manifests.pod)
        make_root(root, manifests, image)
        try:
            arguments = manifests.container["args"]
            checked = run(*command(root, manifests, ["check", *arguments[1:]], image)).strip()
            print(f"ok      {checked}")
            server = subprocess.Popen(command(root, manifests, arguments, image))
            try:
                print(f"ok      {ask(server, manifests)}")
                server.terminate()
                assert server.wait(manifests.pod["spec"]["terminationGracePeriodSeconds"]) == 0
            finally:
                server.kill()
                server.wait()
        finally:
            run("umount", "--recursive", root)
    return "it ended when it was told to"


def main():
    manifests = Manifests()
    print(f"ok      {manifests.check_schemas()}")
    print(f"ok      {manifests.check_references()}", flush=True)
    print(f"ok      {serve(manifests, *sys.argv[1:] or [None])}")


sys.exit(main())
