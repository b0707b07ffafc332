import { Deserializer, Serializer } from "node:v8";
import { isArrayBuffer, isSharedArrayBuffer } from "node:util/types";
import { exception } from "../errors.ts";

/**
 * Bytes for a clone, and back: https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializeforstorage
 *
 * V8's own format does the work. Views of buffers are written here, for two reasons: a view into a pool of Node's
 * (any small Buffer) must not take its neighbours' bytes into the file, and a Buffer comes back as a Uint8Array.
 */
export function serialize(clone: unknown): Uint8Array {
  const serializer = new StorageSerializer();
  serializer.writeHeader();
  serializer.writeValue(clone);
  return serializer.releaseBuffer();
}

export function deserialize(bytes: Uint8Array): unknown {
  const deserializer = new StorageDeserializer(bytes);
  deserializer.readHeader();
  return deserializer.readValue();
}
