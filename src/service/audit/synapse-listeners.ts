import type { HomeserverConfig } from "../../model/homeserver-facts.ts";
import { at, isTrue, listAt, NotUnderstood, type Section } from "./python-yaml.ts";

type Listener = HomeserverConfig["listeners"][number];

/** Where Synapse binds a listener that names no address. */
const EVERYWHERE = ["::", "0.0.0.0"];

/** Every port that Synapse opens, the ways of older versions too. */
export function listenersOf(config: Section): Listener[] {
  const written = listAt(config, "listeners").flatMap((listener, index) => {
    if (typeof listener !== "object" || listener === null || Array.isArray(listener))
      throw new NotUnderstood(`listeners[${index}] is no map`);
    return listenerOf(listener as Section, index);
  });
  const ofSection = isTrue(at(config, "bind_port"))
    ? boundPorts(config)
    : written.filter(({ isTls }) => !(isTls && isTrue(at(config, "no_tls"))));
  return [...ofSection, ...single(config, "manhole", "127.0.0.1"), ...metricsPort(config)];
}

function listenerOf(listener: Section, index: number): Listener[] {
  if (at(listener, "port") === null && at(listener, "path") !== null) return []; // a UNIX socket
  const resources = listAt(listener, "resources").flatMap((resource) =>
    typeof resource === "object" && resource !== null ? listAt(resource as Section, "names") : [],
  );
  const type = String(at(listener, "type"));
  const addresses = [...listAt(listener, "bind_addresses"), ...oneAddress(listener)].map(String);
  return [
    {
      port: portAt(listener, "port", `listeners[${index}].port`),
      bindAddresses: addresses.length > 0 ? addresses : type === "metrics" ? ["0.0.0.0"] : EVERYWHERE,
      resources: type === "http" ? resources.map(String) : [type],
      isTls: isTrue(at(listener, "tls")),
    },
  ];
}

const oneAddress = (listener: Section): unknown[] => {
  const address = at(listener, "bind_address");
  return isTrue(address) ? [address] : [];
};

function portAt(section: Section, key: string, name = key): number {
  const port = at(section, key);
  if (typeof port === "number" && Number.isInteger(port)) return port;
  throw new NotUnderstood(`${name} is no port`);
}

/** `bind_port`, which takes the place of every listener. */
function boundPorts(config: Section): Listener[] {
  const port = portAt(config, "bind_port");
  const unsecure = Object.hasOwn(config, "unsecure_port") ? at(config, "unsecure_port") : port - 400;
  const listener = {
    bindAddresses: [String(at(config, "bind_host", "") ?? "")],
    resources: ["client", "federation"],
  };
  return [
    { ...listener, port, isTls: true },
    ...(isTrue(unsecure) ? [{ ...listener, port: Number(unsecure), isTls: false }] : []),
  ];
}

const single = (config: Section, key: string, address: string, resource = key): Listener[] =>
  isTrue(at(config, key))
    ? [{ port: portAt(config, key), bindAddresses: [address], resources: [resource], isTls: false }]
    : [];

const metricsPort = (config: Section): Listener[] =>
  single(config, "metrics_port", String(at(config, "metrics_bind_host", "127.0.0.1")), "metrics");
