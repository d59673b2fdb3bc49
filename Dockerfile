# docker build .                   the connector, as a service or for single runs
# docker build --target lambda .   the connector as ConductorOne hosts it
#
# `make build` compiles both on the build platform for the target platform. The stages named release-… contain the binaries of
# a release; .goreleaser.yaml uses them.

FROM --platform=$BUILDPLATFORM golang:1.25-bookworm AS source
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY Makefile ./
COPY cmd cmd
COPY pkg pkg

FROM source AS build
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=dev
ARG COMMIT
RUN make build GOOS=$TARGETOS GOARCH=$TARGETARCH VERSION=$VERSION COMMIT=$COMMIT CONNECTOR=baton-openai

FROM source AS build-lambda
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=dev
ARG COMMIT
RUN make build BATON_LAMBDA_SUPPORT=1 GOOS=$TARGETOS GOARCH=$TARGETARCH VERSION=$VERSION COMMIT=$COMMIT CONNECTOR=baton-openai

# The base image has certificates, /tmp and no shell.
FROM gcr.io/distroless/static-debian12:nonroot AS service
USER 65532:65532
ENTRYPOINT ["/baton-openai"]

FROM service AS hosted
ENTRYPOINT ["/baton-openai", "lambda"]

FROM service AS release
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/baton-openai /baton-openai

FROM hosted AS release-lambda
ARG TARGETPLATFORM
COPY $TARGETPLATFORM/baton-openai /baton-openai

FROM hosted AS lambda
COPY --from=build-lambda /src/baton-openai /baton-openai

FROM service AS connector
COPY --from=build /src/baton-openai /baton-openai
