"""What `kubectl apply -k config` would send, and whether its parts fit each other."""

import pathlib
import subprocess

import kubernetes_validate
import yaml

CONFIG = pathlib.Path(__file__).resolve().parents[2] / "config"
# The oldest one that takes both protocols in one Service, and the newest that there are schemas of.
VERSIONS = ["1.26", "1.31", "1.37"]
# Kinds of the Prometheus Operator, whose schemas no package has, with the fields that they may have here
# (monitoring.coreos.com/v1).
OPERATOR_FIELDS = {
    "ServiceMonitor": {"jobLabel", "selector", "endpoints"},
    "PrometheusRule": {"groups"},
}
ENDPOINT_FIELDS = {"port", "path", "interval", "authorization"}


def kustomization():
    return yaml.safe_load((CONFIG / "kustomization.yaml").read_text())


def config_maps():
    """The generated ones, without the hash in their names."""
    for generator in kustomization()["configMapGenerator"]:
        data = {}
        for file in generator["files"]:
            key, _, path = file.rpartition("=")
            data[key or pathlib.Path(path).name] = (CONFIG / path).read_text()
        yield {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": generator["name"]},
            "data": data,
        }


def manifests():
    """All documents: those of the kustomization, the generated ones, and those for the operator."""
    files = kustomization()["resources"] + ["kubernetes/servicemonitor.yaml"]
    there = {f"kubernetes/{path.name}" for path in (CONFIG / "kubernetes").glob("*.yaml")}
    assert there == set(files), f"in no kustomization: {there - set(files)}"
    for file in files:
        yield from yaml.safe_load_all((CONFIG / file).read_text())
    yield from config_maps()
    rule = subprocess.run([CONFIG / "kubernetes/prometheus-rule"], check=True, stdout=subprocess.PIPE)
    yield yaml.safe_load(rule.stdout)


class Manifests:
    def __init__(self):
        self.all = list(manifests())
        names = [(it["kind"], it["metadata"]["name"]) for it in self.all]
        assert len(names) == len(set(names)), "two of one name"

    def get(self, kind, name="horizond"):
        found = [it for it in self.all if (it["kind"], it["metadata"]["name"]) == (kind, name)]
        assert len(found) == 1, f"{len(found)} of {kind} {name}"
        return found[0]

    @property
    def pod(self):
        return self.get("Deployment")["spec"]["template"]

    @property
    def container(self):
        (container,) = self.pod["spec"]["containers"]
        return container

    def check_schemas(self):
        for manifest in self.all:
            kind = manifest["kind"]
            if kind in OPERATOR_FIELDS:
                assert manifest["apiVersion"] == "monitoring.coreos.com/v1"
                assert set(manifest["spec"]) == OPERATOR_FIELDS[kind], kind
                continue
            for version in VERSIONS:
                kubernetes_validate.validate(manifest, version, strict=True)
        return f"{len(self.all)} manifests are as {', '.join(VERSIONS)} have them"

    def check_references(self):
        """What names something names what is there."""
        labels = self.pod["metadata"]["labels"]
        spec = self.get("Deployment")["spec"]
        assert spec["replicas"] == 2
        assert self.get("PodDisruptionBudget")["spec"]["minAvailable"] < spec["replicas"]
        selectors = [
            spec["selector"]["matchLabels"],
            self.get("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
            self.get("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
            self.get("Service")["spec"]["selector"],
            self.get("Service", "horizond-admin")["spec"]["selector"],
        ]
        affinity = self.pod["spec"]["affinity"]["podAntiAffinity"]
        for term in affinity["requiredDuringSchedulingIgnoredDuringExecution"]:
            selectors.append(term["labelSelector"]["matchLabels"])
        for constraint in self.pod["spec"]["topologySpreadConstraints"]:
            selectors.append(constraint["labelSelector"]["matchLabels"])
        for selector in selectors:
            assert selector.items() <= labels.items(), selector
        ports = {(it["name"], it["protocol"]): it["containerPort"] for it in self.container["ports"]}
        for name in "horizond", "horizond-admin":
            for port in self.get("Service", name)["spec"]["ports"]:
                assert ports[port["targetPort"], port["protocol"]] == port["port"], port
        allowed = {
            (port["port"], port["protocol"])
            for rule in self.get("NetworkPolicy")["spec"]["ingress"]
            for port in rule["ports"]
        }
        assert allowed == {(number, protocol) for (_, protocol), number in ports.items()}
        self.check_monitor()
        return "selectors, ports and names fit each other"

    def check_monitor(self):
        monitor = self.get("ServiceMonitor")["spec"]
        (endpoint,) = monitor["endpoints"]
        assert set(endpoint) == ENDPOINT_FIELDS, set(endpoint)
        services = [
            it
            for it in self.all
            if it["kind"] == "Service"
            and monitor["selector"]["matchLabels"].items()
            <= it["metadata"].get("labels", {}).items()
        ]
        assert [it["metadata"]["name"] for it in services] == ["horizond-admin"]
        assert endpoint["port"] in [port["name"] for port in services[0]["spec"]["ports"]]
        # The alerts are about this job.
        assert services[0]["metadata"]["labels"][monitor["jobLabel"]] == "horizond"
        credentials = endpoint["authorization"]["credentials"]
        assert (credentials["name"], credentials["key"]) in self.secret_keys()
        alerts = yaml.safe_load((CONFIG / "prometheus/alerts.yml").read_text())
        assert self.get("PrometheusRule")["spec"] == alerts

    def sources(self):
        (volume,) = self.pod["spec"]["volumes"]
        return volume["projected"]["sources"]

    def secret_keys(self):
        secrets = [it["secret"] for it in self.sources() if "secret" in it]
        return {(it["name"], item["key"]) for it in secrets for item in it["items"]}

    def lay_out(self, directory, secrets):
        """Writes the files of the pod's volume; each key of the ConfigMap is one."""
        for source in self.sources():
            kind, reference = next(iter(source.items()))
            data = secrets if kind == "secret" else self.get("ConfigMap", reference["name"])["data"]
            assert {item["key"] for item in reference["items"]} == set(data), kind
            for item in reference["items"]:
                path = directory / item["path"]
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(data[item["key"]])
