# Five images of one static binary each, FROM scratch: `make images`, or `docker build --target fraud-detector .`
# One build stage compiles the workspace once; the targets at the end only copy.

# The manifests with empty programs around them: all that decides which dependencies are built. A change
# elsewhere leaves this stage's result as it was, byte for byte, and so the layer of dependencies stays.
FROM debian:bookworm-slim AS manifests
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /src
COPY . .
RUN find . -type f ! -name Cargo.toml ! -name Cargo.lock ! -name rust-toolchain.toml \
        ! -path '*/src/main.rs' ! -path '*/src/lib.rs' ! -path '*/tests/*/main.rs' -delete \
    && find . -type d -empty -delete \
    && find . -name lib.rs -exec truncate --size 0 {} + \
    && find . -name main.rs | while read -r main; do echo 'fn main() {}' >"$main"; done

FROM rust:1.95-bookworm AS build
# OpenSSL for TLS to Kafka: librdkafka knows no other. Everything else that is C is built by its crate.
# No versions: a stable Debian keeps only the newest of a package, the one with its security fixes.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libssl-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# Static glibc wants a target of its own, so that procedural macros stay what a compiler can load. A program
# that may be loaded anywhere has 60,000 addresses to correct: packed they need 27 KB, not 1.5 MB.
ENV OPENSSL_STATIC=1 \
    RUSTFLAGS="-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs" \
    CARGO_INCREMENTAL=0
COPY --chmod=755 scripts/image-build /usr/local/bin/
COPY --from=manifests /src ./
RUN image-build
COPY . .
# Cargo goes by the time of a file, and a checkout may be older than the empty programs.
RUN find . -path '*/src/*.rs' -exec touch {} + && image-build /out

# What every image has: the certificates of authorities, where OpenSSL and rustls are told to look.
FROM scratch AS base
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
USER 65532:65532
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.vendor="fraudstream" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"

FROM base AS payment-producer
LABEL org.opencontainers.image.title="payment-producer" \
      org.opencontainers.image.description="makes payments at a steady rate"
COPY --from=build /out/payment-producer /
EXPOSE 8080
ENTRYPOINT ["/payment-producer"]

FROM base AS fraud-detector
LABEL org.opencontainers.image.title="fraud-detector" \
      org.opencontainers.image.description="judges every payment by the rules, exactly once"
COPY --from=build /out/fraud-detector /
EXPOSE 8080
ENTRYPOINT ["/fraud-detector"]

FROM base AS fraud-processor
LABEL org.opencontainers.image.title="fraud-processor" \
      org.opencontainers.image.description="stores fraud exactly once and raises alerts"
COPY --from=build /out/fraud-processor /
EXPOSE 8080
ENTRYPOINT ["/fraud-processor"]

FROM base AS legit-processor
LABEL org.opencontainers.image.title="legit-processor" \
      org.opencontainers.image.description="stores legitimate payments exactly once"
COPY --from=build /out/legit-processor /
EXPOSE 8080
ENTRYPOINT ["/legit-processor"]

FROM base AS fraudstream
LABEL org.opencontainers.image.title="fraudstream" \
      org.opencontainers.image.description="the audit: do the books balance?"
COPY --from=build /out/fraudstream /
EXPOSE 8080
ENTRYPOINT ["/fraudstream"]
