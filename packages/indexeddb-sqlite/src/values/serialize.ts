import { Deserializer, Serializer } from "node:v8";
import { exception } from "../errors.ts";

/**
 * Bytes for a clone, and back. The last part of
 * https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializeforstorage
 *
 * V8's own format does the work. Only views of buffers are written here: a view into a larger buffer, such as Node's
 * pool where every small Buffer lies, must not take its neighbours' bytes into the file.
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

/** Their order is part of the file format. */
const VIEWS = [
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "DataView",
  "BigInt64Array",
  "BigUint64Array",
  "Float16Array",
] as const;

type ViewConstructor = new (buffer: ArrayBufferLike, byteOffset?: number, length?: number) => ArrayBufferView;

const WHOLE_BUFFER = 0;
const PART_OF_BUFFER = 1;

class StorageSerializer extends Serializer {
  /** https://nodejs.org/api/v8.html#serializer_settreatarraybufferviewsashostobjectsflag */
  declare readonly _setTreatArrayBufferViewsAsHostObjects: (flag: boolean) => void;

  constructor() {
    super();
    this._setTreatArrayBufferViewsAsHostObjects(true);
  }

  /** Called by V8 for each view. A view of a whole buffer keeps sharing it with whatever else refers to it. */
  _writeHostObject(view: ArrayBufferView): void {
    this.writeUint32(
      VIEWS.indexOf(Object.prototype.toString.call(view).slice(8, -1) as (typeof VIEWS)[number]),
    );
    if (view.byteLength === view.buffer.byteLength) {
      this.writeUint32(WHOLE_BUFFER);
      this.writeValue(view.buffer);
    } else {
      this.writeUint32(PART_OF_BUFFER);
      this.writeUint32(view.byteLength);
      this.writeRawBytes(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
    }
  }

  _getDataCloneError(message: string): DOMException {
    return new DOMException(message, "DataCloneError");
  }
}

class StorageDeserializer extends Deserializer {
  _readHostObject(): ArrayBufferView {
    const View = viewConstructor(this.readUint32());
    if (this.readUint32() === WHOLE_BUFFER) return new View(this.readValue());
    const bytes = this.readRawBytes(this.readUint32());
    return new View(new Uint8Array(bytes).buffer);
  }
}

function viewConstructor(index: number): ViewConstructor {
  const constructors = globalThis as unknown as Record<string, ViewConstructor | undefined>;
  const constructor = constructors[VIEWS[index] ?? ""];
  if (constructor === undefined)
    throw exception("DataError", "The value holds a kind of view unknown to this Node.");
  return constructor;
}
