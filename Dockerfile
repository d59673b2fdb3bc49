FROM --platform=$BUILDPLATFORM golang:1.25 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY cmd cmd
COPY pkg pkg
ARG TARGETOS
ARG TARGETARCH
ARG VERSION=dev
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags "-s -w -X main.version=$VERSION" -o /baton-openai ./cmd/baton-openai

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /baton-openai /baton-openai
USER 65532:65532
ENTRYPOINT ["/baton-openai"]
