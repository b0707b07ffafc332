/**
 * What the machine wants sent to the homeserver. Bodies have the shapes of the native package, which are not always
 * those of the endpoint: `SignatureUploadRequest` wraps its body in `signed_keys`, a to-device request names its
 * transaction and event type beside `messages`.
 */
import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { RequestType } from "./enums.ts";
import { fromEngine } from "./from-engine.ts";

/** `POST /keys/upload`. */
export class KeysUploadRequest {
  readonly id: string;
  readonly body: string;

  /** @internal */
  constructor(inner: wasm.KeysUploadRequest) {
    ({ id: this.id, body: this.body } = fromEngine(wasm.KeysUploadRequest, inner));
  }

  get type(): RequestType {
    return RequestType.KeysUpload;
  }
}

/** `POST /keys/query`. */
export class KeysQueryRequest {
  readonly id: string;
  readonly body: string;

  /** @internal */
  constructor(inner: wasm.KeysQueryRequest) {
    ({ id: this.id, body: this.body } = fromEngine(wasm.KeysQueryRequest, inner));
  }

  get type(): RequestType {
    return RequestType.KeysQuery;
  }
}

/** `POST /keys/claim`. */
export class KeysClaimRequest {
  readonly id: string;
  readonly body: string;

  /** @internal */
  constructor(inner: wasm.KeysClaimRequest) {
    ({ id: this.id, body: this.body } = fromEngine(wasm.KeysClaimRequest, inner));
  }

  get type(): RequestType {
    return RequestType.KeysClaim;
  }
}

/** `PUT /sendToDevice/{eventType}/{txnId}`. */
export class ToDeviceRequest {
  readonly id: string;
  readonly eventType: string;
  readonly txnId: string;
  readonly body: string;

  /** @internal */
  constructor(inner: wasm.ToDeviceRequest) {
    const { id, event_type, txn_id, body } = fromEngine(wasm.ToDeviceRequest, inner);
    this.id = id;
    this.eventType = event_type;
    this.txnId = txn_id;
    // matrix-bot-sdk looks for the two names in the body of a request from `outgoingRequests`.
    this.body = JSON.stringify({ event_type, txn_id, ...JSON.parse(body) });
  }

  get type(): RequestType {
    return RequestType.ToDevice;
  }
}

/** `POST /keys/signatures/upload`; the endpoint takes what is under `signed_keys`. */
export class SignatureUploadRequest {
  readonly id: string;
  readonly body: string;

  /** @internal */
  constructor(inner: wasm.SignatureUploadRequest) {
    const { id, body } = fromEngine(wasm.SignatureUploadRequest, inner);
    this.id = id ?? "";
    this.body = `{"signed_keys":${body}}`;
  }

  get type(): RequestType {
    return RequestType.SignatureUpload;
  }
}

/** `PUT /rooms/{roomId}/send/{eventType}/{txnId}`. */
export class RoomMessageRequest {
  readonly id: string;
  readonly roomId: string;
  readonly txnId: string;
  readonly eventType: string;
  readonly body: string;

  /** @internal */
  constructor(inner: wasm.RoomMessageRequest) {
    const { id, room_id, txn_id, event_type, body } = fromEngine(wasm.RoomMessageRequest, inner);
    this.id = id;
    this.roomId = room_id;
    this.txnId = txn_id;
    this.eventType = event_type;
    this.body = body;
  }

  get type(): RequestType {
    return RequestType.RoomMessage;
  }
}

/** `PUT /room_keys/keys`. */
export class KeysBackupRequest {
  readonly id: string;
  readonly body: string;

  /** @internal */
  constructor(inner: wasm.KeysBackupRequest) {
    ({ id: this.id, body: this.body } = fromEngine(wasm.KeysBackupRequest, inner));
  }

  get type(): RequestType {
    return RequestType.KeysBackup;
  }
}

/** What puts a cross-signing identity on the server; the second needs user-interactive authentication. */
export class CrossSigningBootstrapRequests {
  /** Absent if the device keys are on the server already. To be sent first. */
  readonly uploadKeysReq?: KeysUploadRequest;
  /** The body for `POST /keys/device_signing/upload`. It has no ID and is not marked as sent. */
  readonly uploadSigningKeysReq: string;
  readonly uploadSignaturesReq: SignatureUploadRequest;

  /** @internal */
  constructor(inner: wasm.CrossSigningBootstrapRequests) {
    const requests = fromEngine(wasm.CrossSigningBootstrapRequests, inner);
    const uploadKeys: wasm.KeysUploadRequest | undefined = requests.uploadKeysRequest;
    if (uploadKeys) this.uploadKeysReq = new KeysUploadRequest(uploadKeys);
    this.uploadSigningKeysReq = requests.uploadSigningKeysRequest.body;
    this.uploadSignaturesReq = new SignatureUploadRequest(requests.uploadSignaturesRequest);
  }
}

export type OutgoingRequest =
  | KeysUploadRequest
  | KeysQueryRequest
  | KeysClaimRequest
  | ToDeviceRequest
  | SignatureUploadRequest
  | RoomMessageRequest;

/** @internal */
export function outgoingRequest(inner: { readonly type: wasm.RequestType }): OutgoingRequest {
  if (inner instanceof wasm.KeysUploadRequest) return new KeysUploadRequest(inner);
  if (inner instanceof wasm.KeysQueryRequest) return new KeysQueryRequest(inner);
  if (inner instanceof wasm.KeysClaimRequest) return new KeysClaimRequest(inner);
  if (inner instanceof wasm.ToDeviceRequest) return new ToDeviceRequest(inner);
  if (inner instanceof wasm.SignatureUploadRequest) return new SignatureUploadRequest(inner);
  if (inner instanceof wasm.RoomMessageRequest) return new RoomMessageRequest(inner);
  throw new TypeError(`the machine has a request of type ${inner.type}, which the native API does not know`);
}
