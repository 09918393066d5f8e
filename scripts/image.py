"""Makes of a virtual environment with everything what one service's image holds; runs inside services/Dockerfile.

Usage: image.py SERVICE ENVIRONMENT

What the service does not need is uninstalled, the rest is compiled, and its bill of materials is written into the
environment as `sbom.cdx.json` (CycloneDX 1.6), with the base's Debian packages. Two runs leave the same bytes: the
compiled files refer to no time, and every file is as old as SOURCE_DATE_EPOCH says.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

INVENTORY = """
import json
from importlib.metadata import distributions
from pip._vendor.packaging.requirements import Requirement

def needs(each, extras):
    for text in each.requires or []:
        requirement = Requirement(text)
        environments = [{"extra": extra} for extra in extras] or [{"extra": ""}]
        if requirement.marker is None or any(requirement.marker.evaluate(e) for e in environments):
            yield requirement.name, sorted(requirement.extras)

print(json.dumps([
    {
        "name": each.name,
        "version": each.version,
        "license": each.metadata.get("License-Expression") or each.metadata.get("License") or "",
        "needs": {
            extra: list(needs(each, [extra] if extra else []))
            for extra in ["", *each.metadata.get_all("Provides-Extra", [])]
        },
    }
    for each in distributions()
]))
"""


def normal(name: str) -> str:
    """A package's name as all its spellings have it in common."""
    return re.sub(r"[-_.]+", "-", name).lower()


def reachable(root: str, inventory: dict[str, Any]) -> set[str]:
    """The packages that a package needs, itself included."""
    found: set[tuple[str, str]] = set()
    waiting = [(root, "")]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in found or name not in inventory:
            continue
        found.add((name, extra))
        needs = inventory[name]["needs"]
        if extra in needs or extra == "":
            for needed, extras in needs.get(extra, []):
                waiting += [(normal(needed), each) for each in ["", *extras]]
    return {name for name, _ in found}


def debian() -> Iterator[dict[str, Any]]:
    """The packages of the base, as far as dpkg knows them."""
    listed = subprocess.run(
        ["/usr/bin/dpkg-query", "-W", "-f", "${Package}\t${Version}\t${Architecture}\n"],
        capture_output=True,
        text=True,
        check=True,
    )
    for line in sorted(listed.stdout.splitlines()):
        name, version, architecture = line.split("\t")
        purl = f"pkg:deb/debian/{name}@{version}?arch={architecture}".replace("+", "%2B")
        yield {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def python(packages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The Python packages."""
    for each in sorted(packages, key=lambda each: normal(each["name"])):
        purl = f"pkg:pypi/{normal(each['name'])}@{each['version']}"
        component = {"type": "library", "bom-ref": purl, "name": each["name"], "version": each["version"], "purl": purl}
        license_ = each["license"].strip()
        if license_ and "\n" not in license_ and len(license_) < 100:
            component["licenses"] = [{"license": {"name": license_}}]
        yield component


def main() -> None:
    service, environment = sys.argv[1], Path(sys.argv[2])
    interpreter = environment / "bin" / "python3"
    listed = json.loads(
        subprocess.run([interpreter, "-c", INVENTORY], capture_output=True, text=True, check=True).stdout
    )
    inventory = {normal(each["name"]): each for each in listed}
    kept = reachable(f"hotline-{service}", inventory)
    unneeded = sorted(inventory.keys() - kept - {"pip"})
    subprocess.run([interpreter, "-m", "pip", "uninstall", "--quiet", "--yes", *unneeded, "pip"], check=True)

    for cached in [*environment.rglob("__pycache__")]:
        shutil.rmtree(cached)
    for unwanted in [*environment.glob("bin/*")]:
        if not unwanted.name.startswith("python"):
            unwanted.unlink()
    entry = environment / "bin" / "hotline-service"
    entry.write_text(f'#!/bin/sh\nexec {interpreter} -m hotline_{service} "$@"\n')
    entry.chmod(0o755)

    library = next(environment.glob("lib/python3*"))
    compile_ = [
        f"{interpreter}",
        "-m",
        "compileall",
        "-q",
        "-j",
        "0",
        "--invalidation-mode",
        "unchecked-hash",
        f"{library}",
    ]
    subprocess.run(compile_, check=False)  # templates of some packages are no Python, and nobody imports them

    components = [*python([inventory[name] for name in kept]), *debian()]
    version = inventory[f"hotline-{service}"]["version"]
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "container", "name": f"hotline/{service}", "version": version}},
        "components": components,
    }
    (environment / "sbom.cdx.json").write_text(json.dumps(bom, indent=1, ensure_ascii=False) + "\n")

    moment = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    for path in [*environment.rglob("*"), environment]:
        os.utime(path, (moment, moment), follow_symlinks=False)
    print(f"{service}: {len(kept)} Python packages of {len(inventory)}")


if __name__ == "__main__":
    main()
