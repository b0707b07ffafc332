# Sotto in a container: docs/operating.md. Config and data in /data; any user; nothing else is written.
# The container is ffmpeg's sandbox here: bubblewrap cannot make another one inside. `sotto doctor` and /ready say so.

FROM node:24-slim AS build
WORKDIR /src
COPY . .
RUN mkdir /packed && npm pack --pack-destination /packed \
  && npm install --global --prefix /sotto --ignore-scripts --no-audit --no-fund /packed/sotto-*.tgz

FROM node:24-slim
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ca-certificates ffmpeg \
  && rm -rf /var/lib/apt/lists/* \
  && install --directory --mode=1777 /data
COPY --from=build /sotto /usr/local
# /live, /ready and /metrics inside the container; 0.0.0.0:9090 for a Prometheus outside
ENV SOTTO__LISTEN=127.0.0.1:9090
USER 1000:1000
WORKDIR /data
VOLUME /data
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:9090/live').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["sotto"]
CMD ["run"]
