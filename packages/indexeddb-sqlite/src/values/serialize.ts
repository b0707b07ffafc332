import { Deserializer, Serializer } from "node:v8";
import { exception } from "../errors.ts";
import { type BlobDescription, createBlob, describeBlob, replaceBlobs } from "./blob-bytes.ts";
import type { Storable } from "./clone.ts";

/**
 * Bytes for a clone, which is used up by it: the last part of
 * https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializeforstorage
 *
 * V8's own format does the work. Only views of buffers are written here: a view into a larger buffer, such as Node's
 * pool where every small Buffer lies, must not take its neighbours' bytes into the file.
 */
export function serialize({ clone, blobs }: Storable): Uint8Array {
  const serializer = new StorageSerializer(blobs);
  serializer.writeHeader();
  serializer.writeValue(replaceBlobs(clone, serializer.standIns));
  return serializer.releaseBuffer();
}

export function deserialize(bytes: Uint8Array): unknown {
  const deserializer = new StorageDeserializer(bytes);
  deserializer.readHeader();
  return deserializer.readValue();
}

/** Their order is part of the file format. */
const VIEWS: readonly string[] = [
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
];

type ViewConstructor = new (buffer: ArrayBuffer) => ArrayBufferView;

/** What follows the number of the view's type. */
const WHOLE_BUFFER = 0;
const PART_OF_BUFFER = 1;
/** In place of a view's type. */
const BLOB = 0xff;

class StorageSerializer extends Serializer {
  /** https://nodejs.org/api/v8.html#serializer_settreatarraybufferviewsashostobjectsflag */
  declare readonly _setTreatArrayBufferViewsAsHostObjects: (flag: boolean) => void;
  /** For each blob, the view that is written instead. */
  readonly standIns = new Map<Blob, Uint8Array>();
  readonly #descriptions = new Map<ArrayBufferView, BlobDescription>();

  constructor(blobs: ReadonlyMap<Blob, Uint8Array>) {
    super();
    this._setTreatArrayBufferViewsAsHostObjects(true);
    for (const [blob, bytes] of blobs) {
      this.standIns.set(blob, bytes);
      this.#descriptions.set(bytes, describeBlob(blob));
    }
  }

  /** Called by V8 for each view. A view of a whole buffer keeps sharing it with whatever else refers to it. */
  _writeHostObject(view: ArrayBufferView): void {
    const description = this.#descriptions.get(view);
    if (description !== undefined) {
      this.writeUint32(BLOB);
      this.writeValue(description);
      this.#writeBytes(view);
      return;
    }
    this.writeUint32(VIEWS.indexOf(Object.prototype.toString.call(view).slice(8, -1)));
    if (view.byteLength === view.buffer.byteLength) {
      this.writeUint32(WHOLE_BUFFER);
      this.writeValue(view.buffer);
    } else {
      this.writeUint32(PART_OF_BUFFER);
      this.#writeBytes(view);
    }
  }

  _getDataCloneError(message: string): DOMException {
    return new DOMException(message, "DataCloneError");
  }

  #writeBytes({ buffer, byteOffset, byteLength }: ArrayBufferView): void {
    this.writeUint32(byteLength);
    this.writeRawBytes(new Uint8Array(buffer, byteOffset, byteLength));
  }
}

class StorageDeserializer extends Deserializer {
  _readHostObject(): ArrayBufferView | Blob {
    const type = this.readUint32();
    if (type === BLOB) {
      const description: BlobDescription = this.readValue();
      return createBlob(this.#readBytes(), description);
    }
    const View = viewConstructor(type);
    return new View(this.readUint32() === WHOLE_BUFFER ? this.readValue() : this.#readBytes().buffer);
  }

  #readBytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.readRawBytes(this.readUint32()));
  }
}

function viewConstructor(type: number): ViewConstructor {
  const globals = globalThis as unknown as Record<string, ViewConstructor | undefined>;
  const View = globals[VIEWS[type] ?? ""];
  if (View === undefined)
    throw exception("DataError", "The value holds a kind of view that this Node does not know.");
  return View;
}
