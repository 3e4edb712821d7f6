"""The parts of an image, as components of CycloneDX: crates, C libraries inside of crates, and Debian's."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

# What `links` of a crate stands for, when its source is C: name, licence, and where its version is, in the crate's
# own version or in a header.
BUNDLED = {
    "rdkafka": ("librdkafka", "BSD-2-Clause", None),
    "zstd": ("zstd", "BSD-3-Clause", None),
    "z": ("zlib", "Zlib", ("src/zlib/zlib.h", r'#define ZLIB_VERSION "([^"]+)"')),
    "sqlite3": ("sqlite", "blessing", ("sqlite3/sqlite3.h", r'#define SQLITE_VERSION\s+"([^"]+)"')),
}

# What the build takes from Debian: package, source, licence, and the crate that links it (None: every program).
DEBIAN = [
    ("libssl-dev", "openssl", "Apache-2.0", "openssl-sys"),
    ("libc6-dev", "glibc", "LGPL-2.1-or-later", None),
    ("libgcc-12-dev", "gcc-12", "GPL-3.0-or-later WITH GCC-exception-3.1", None),
    ("ca-certificates", "ca-certificates", "MPL-2.0", None),
]

# How these parts name themselves inside of a program, where they do.
SIGNS = {
    "openssl": rb"OpenSSL (\d+\.\d+\.\d+[a-z]?) +\d+ \w+ \d{4}",
    "glibc": rb"\(Debian GLIBC ([^)]+)\)",
}


def components(crates, debian):
    """Crates as `cargo metadata` describes them, and everything else that comes along."""
    parts = [crate_component(crate) for crate in crates]
    names = {crate["name"] for crate in crates}
    for crate in crates:
        library = crate["links"]
        if library in BUNDLED:
            parts.append(bundled_component(crate, *BUNDLED[library]))
        elif library and not own_code(crate):
            sys.exit(f"sbom: nobody has described the library {library!r} of {crate['name']} yet")
    for package, source, licence, wanted_by in DEBIAN:
        if wanted_by is None or wanted_by in names:
            version = debian[package]
            kind = "data" if package == "ca-certificates" else "library"
            parts.append(part(source, version, licence, f"pkg:deb/debian/{source}@{version}?distro=bookworm", kind))
    release = re.search(r'channel = "(.+)"', Path("rust-toolchain.toml").read_text())[1]
    parts.append(part("rust-std", release, "MIT OR Apache-2.0", f"pkg:generic/rust-std@{release}"))
    return parts


def own_code(crate):
    """A crate that says `links` to be the only one of its kind, or whose C is its own; openssl-sys links Debian's."""
    return crate["name"] in {"ring", "openssl-sys", "prettyplease", "rayon-core"}


def part(name, version, licence, purl, kind="library"):
    return {
        "type": kind,
        "bom-ref": purl,
        "name": name,
        "version": version,
        "licenses": [{"expression": licence}],
        "purl": purl,
    }


def crate_component(crate):
    # "MIT/Apache-2.0" is how expressions were written before there were any.
    licence = (crate["license"] or "").replace("/", " OR ")
    return part(crate["name"], crate["version"], licence, f"pkg:cargo/{crate['name']}@{crate['version']}".replace("+", "%2B"))


def bundled_component(crate, name, licence, header):
    if header is None:
        version = re.search(r"\+(?:[a-z]+\.)?(.+)$", crate["version"])
    else:
        file, pattern = header
        version = re.search(pattern, (Path(crate["manifest_path"]).parent / file).read_text(errors="replace"))
    if not version:
        sys.exit(f"sbom: cannot tell the version of {name} in {crate['name']} {crate['version']}")
    return part(name, version[1], licence, f"pkg:generic/{name}@{version[1]}")


def debian_packages():
    """Versions by package, asked of the image's build stage as it is before anything of ours comes into it: that far
    it is a layer that Docker has kept since `make images`.
    """
    stage, inside = [], False
    for line in Path("Dockerfile").read_text().splitlines():
        inside |= bool(re.fullmatch(r"FROM \S+ AS build", line))
        if inside and line.startswith("WORKDIR"):
            break
        if inside:
            stage.append(line)
    names = " ".join(package for package, *_ in DEBIAN)
    stage += [
        f"RUN dpkg-query --show --showformat '${{Package}} ${{Version}}\\n' {names} >/packages",
        "FROM scratch AS inventory",
        "COPY --from=build /packages /",
    ]
    with tempfile.TemporaryDirectory() as context, tempfile.TemporaryDirectory() as out:
        command = ["docker", "build", "--quiet", "--file=-", "--target=inventory", f"--output=type=local,dest={out}", context]
        subprocess.run(command, input="\n".join(stage), text=True, check=True, stdout=subprocess.DEVNULL)
        lines = Path(out, "packages").read_text().splitlines()
    return dict(line.split() for line in lines)
