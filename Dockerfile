# authd in a container: one static binary, the certificates to call out with, one volume.
#
#   docker build -t authd .
#   docker run -p 8080:8080 -v authd-data:/data -e AUTHD_URL=https://auth.example.com authd
#
# It starts as root only to hand /data to user 65532, then drops to that user for good;
# `--user 65532:65532` works as well when the volume already belongs to it.

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X authd/auth/cli.version=${VERSION}" -o /out/authd .
# SQLite sorts and vacuums large files in a temporary one.
RUN mkdir -p /out/tmp /out/data && chmod 1777 /out/tmp && chmod 700 /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/tmp /tmp
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build /out/authd /authd
ENV AUTHD_DATA=/data AUTHD_CHOWN_DATA=65532 AUTHD_LOG_FORMAT=json
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=10s --retries=3 CMD ["/authd", "healthcheck"]
ENTRYPOINT ["/authd"]
CMD ["serve"]
