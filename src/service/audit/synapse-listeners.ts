import type { HomeserverConfig } from "../../model/homeserver-facts.ts";
import { at, isTrue, listAt, NotUnderstood, type Section, textOf } from "./python-yaml.ts";

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
  const type = textOf(at(listener, "type"), `listeners[${index}].type`);
  const addresses = [...listAt(listener, "bind_addresses"), ...oneAddress(listener)].map((address) =>
    textOf(address, `listeners[${index}].bind_addresses`),
  );
  return [
    {
      port: portAt(listener, "port", `listeners[${index}].port`),
      bindAddresses: addresses.length > 0 ? addresses : type === "metrics" ? ["0.0.0.0"] : EVERYWHERE,
      resources:
        type === "http" ? resources.map((name) => textOf(name, `listeners[${index}].resources`)) : [type],
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
  const hasOther = !Object.hasOwn(config, "unsecure_port") || isTrue(at(config, "unsecure_port"));
  const other =
    Object.hasOwn(config, "unsecure_port") && hasOther ? portAt(config, "unsecure_port") : port - 400;
  const listener = {
    bindAddresses: [textOf(at(config, "bind_host", "") ?? "", "bind_host")],
    resources: ["client", "federation"],
  };
  return [
    { ...listener, port, isTls: true },
    ...(hasOther && other !== 0 ? [{ ...listener, port: other, isTls: false }] : []),
  ];
}

const single = (config: Section, key: string, address: string, resource = key): Listener[] =>
  isTrue(at(config, key))
    ? [{ port: portAt(config, key), bindAddresses: [address], resources: [resource], isTls: false }]
    : [];

const metricsPort = (config: Section): Listener[] =>
  single(
    config,
    "metrics_port",
    textOf(at(config, "metrics_bind_host", "127.0.0.1"), "metrics_bind_host"),
    "metrics",
  );
