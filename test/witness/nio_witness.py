"""The witness: a Matrix client on matrix-nio whose methods are the commands of nio_listener.py."""

import asyncio
import json
import os
import time

from nio import (
    AsyncClient,
    AsyncClientConfig,
    BadEvent,
    EncryptionError,
    Event,
    InviteMemberEvent,
    KeysQueryResponse,
    LocalProtocolError,
    MegolmEvent,
    UnknownBadEvent,
)
from nio.crypto.attachments import decrypt_attachment, encrypt_attachment
from nio.responses import ErrorResponse

SYNC_MS = 10_000
VOICE_TYPE = "audio/ogg"


class Refused(Exception):
    """A command that cannot be carried out, with the reason for the one who sent it."""


def checked(response):
    if isinstance(response, ErrorResponse):
        raise Refused(f"{type(response).__name__}: {response.message} ({response.status_code})")
    return response


def about(device):
    return {
        "deviceId": device.id,
        "ed25519": device.ed25519,
        "curve25519": device.curve25519,
        "trust": device.trust_state.name,
    }


async def in_chunks(data):
    for start in range(0, len(data), 65536):
        yield data[start : start + 65536]


class Client(AsyncClient):
    async def keys_query(self):
        """What sync was about to ask for, a command may have asked for meanwhile: that must not end sync."""
        try:
            return await super().keys_query()
        except LocalProtocolError:
            if self.should_query_keys:
                raise
            return KeysQueryResponse({}, {})


class Witness:
    def __init__(self):
        self.client = None
        self.syncing = None
        self.events = []  # what was seen and not yet asked for, oldest first
        self.undecrypted = []
        self.news = asyncio.Event()  # set at each change that somebody may wait for

    # --- the session -----------------------------------------------------------------------------

    async def login(self, homeserver, userId, storeDir, password=None, accessToken=None, deviceId=None):
        """Takes up the session that the store holds; else one by token and device, else a new login."""
        os.makedirs(storeDir, exist_ok=True)
        file = os.path.join(storeDir, "session.json")
        config = AsyncClientConfig(store_sync_tokens=True, max_timeouts=3, request_timeout=30)
        self.client = Client(homeserver, userId, device_id=deviceId, store_path=storeDir, config=config)
        restored = os.path.exists(file)
        if restored:
            with open(file) as stored:
                session = json.load(stored)
            self.client.restore_login(userId, session["deviceId"], session["accessToken"])
        elif accessToken:
            self.client.restore_login(userId, deviceId, accessToken)
        else:
            checked(await self.client.login(password, device_name="witness"))
        session = {"deviceId": self.client.device_id, "accessToken": self.client.access_token}
        with open(file, "w") as stored:
            json.dump(session, stored)

        self.client.add_event_callback(self.on_event, (Event, BadEvent, UnknownBadEvent))
        self.client.add_event_callback(self.on_invite, (InviteMemberEvent,))
        if self.client.should_upload_keys:
            checked(await self.client.keys_upload())
        self.client.add_response_callback(self.on_response)
        self.syncing = asyncio.create_task(self.client.sync_forever(SYNC_MS, full_state=True))
        self.syncing.add_done_callback(lambda _: self.news.set())
        return {"userId": userId, **session, **self.client.olm.account.identity_keys, "restored": restored}

    async def close(self):
        if self.syncing:
            self.syncing.cancel()
            await asyncio.gather(self.syncing, return_exceptions=True)
        if self.client:
            await self.client.close()

    # --- what arrives ----------------------------------------------------------------------------

    async def on_invite(self, room, event):
        if event.state_key == self.client.user_id and event.membership == "invite":
            self.news.set()

    async def on_event(self, room, event):
        if isinstance(event, MegolmEvent):
            self.undecrypted.append((room, event))
        self.events.append(self.describe(room.room_id, event))
        self.news.set()

    async def on_response(self, response):
        # A key may arrive after its event: what can be read by now is reported as a new event.
        for room, event in list(self.undecrypted):
            event.room_id = room.room_id
            try:
                readable = self.client.decrypt_event(event)
            except EncryptionError:
                continue
            self.undecrypted.remove((room, event))
            self.events.append(self.describe(room.room_id, readable))
        self.news.set()

    def describe(self, room_id, event):
        content = event.source.get("content", {})
        if isinstance(event, (BadEvent, UnknownBadEvent)):
            kind = "bad"
        elif isinstance(event, MegolmEvent):
            kind = "undecryptable"
        else:
            kind = content.get("msgtype") or event.source.get("type")
        sender_key = getattr(event, "sender_key", None)
        known = self.client.device_store.active_user_devices(event.sender)
        return {
            "kind": kind,
            "eventId": event.event_id,
            "roomId": room_id,
            "sender": event.sender,
            "type": event.source.get("type"),
            "content": content,
            "originServerTs": event.server_timestamp,
            "decrypted": getattr(event, "decrypted", False),
            "verified": getattr(event, "verified", False),
            "sessionId": getattr(event, "session_id", None),
            "senderKey": sender_key,
            "senderDevice": next((about(device) for device in known if device.curve25519 == sender_key), None),
        }

    async def until(self, condition, timeout_ms, what):
        """The condition's value as soon as it has one; it is asked again at each change."""
        deadline = time.monotonic() + timeout_ms / 1000
        while (value := condition()) is None:
            if self.syncing.done():
                raise Refused(f"the sync has ended: {self.syncing.exception()!r}")
            self.news.clear()
            try:
                await asyncio.wait_for(self.news.wait(), max(deadline - time.monotonic(), 0))
            except asyncio.TimeoutError:
                seen = [event["kind"] for event in self.events]
                raise Refused(f"no {what} within {timeout_ms} ms; not asked for so far: {seen}") from None
        return value

    async def wait_event(self, kind=None, roomId=None, sender=None, eventId=None, timeoutMs=30_000):
        """The oldest event that fits and was not handed out before. `kind` is a msgtype or an event
        type, or "undecryptable", or "bad" for what nio refuses as malformed."""

        def first_fit():
            for event in self.events:
                wanted = (("kind", kind), ("roomId", roomId), ("sender", sender), ("eventId", eventId))
                if all(value in (None, event[key]) for key, value in wanted):
                    self.events.remove(event)
                    return event
            return None

        return await self.until(first_fit, timeoutMs, f"{kind or 'event'}")

    async def receive_voice(self, out, **wanted):
        """Waits for an m.audio event, fetches and decrypts its attachment, and writes it to a file."""
        event = await self.wait_event(kind="m.audio", **wanted)
        size = await self.save_attachment(event, out)
        return {**event, "file": out, "size": size}

    async def save_attachment(self, event, out):
        file = event["content"].get("file")
        if not file:
            raise Refused(f"the attachment of {event['eventId']} is not encrypted")
        # nio asks the authenticated endpoint, /_matrix/client/v1/media/download.
        download = checked(await self.client.download(mxc=file["url"]))
        clear = decrypt_attachment(download.body, file["key"]["k"], file["hashes"]["sha256"], file["iv"])
        with open(out, "wb") as target:
            target.write(clear)
        return len(clear)

    # --- rooms -----------------------------------------------------------------------------------

    async def wait_invite(self, roomId=None, timeoutMs=30_000):
        def invited():
            return next((room for room in self.client.invited_rooms if roomId in (None, room)), None)

        return {"roomId": await self.until(invited, timeoutMs, "invitation")}

    async def join(self, roomId):
        checked(await self.client.join(roomId))
        await self.room(roomId)
        return {"roomId": roomId}

    async def create_room(self, name=None, invite=(), encrypted=True, roomVersion=None):
        state = [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}]
        options = {"name": name, "invite": invite, "room_version": roomVersion}
        room = checked(await self.client.room_create(initial_state=state if encrypted else [], **options))
        await self.room(room.room_id)
        return {"roomId": room.room_id}

    async def invite(self, roomId, userId):
        checked(await self.client.room_invite(roomId, userId))
        return {}

    async def leave(self, roomId):
        checked(await self.client.room_leave(roomId))
        return {}

    async def room(self, room_id):
        """The room as the sync knows it; a send must not come before that."""
        return await self.until(lambda: self.client.rooms.get(room_id), 15_000, f"room {room_id} in the sync")

    async def raw_event(self, roomId, eventId):
        """The event as the server has it."""
        response = checked(await self.client.room_get_event(roomId, eventId))
        return {"event": (await response.transport_response.json())}

    async def history(self, roomId, sender, out):
        """All messages of a sender that are in the room, oldest first, decrypted as far as their keys are there;
        the attachments of voice messages, decrypted, as files in the folder `out`."""
        os.makedirs(out, exist_ok=True)
        events, start = [], None
        while True:
            page = checked(await self.client.room_messages(roomId, start=start, direction="b", limit=100))
            events += [self.describe(roomId, event) for event in page.chunk if event.sender == sender]
            if not page.end or not page.chunk:
                break
            start = page.end
        sent = [event for event in reversed(events) if event["type"] in ("m.room.encrypted", "m.room.message")]
        for event in sent:
            if event["kind"] == "m.audio":
                event["file"] = os.path.join(out, event["eventId"].lstrip("$"))
                await self.save_attachment(event, event["file"])
        return {"events": sent}

    # --- sending ---------------------------------------------------------------------------------

    async def send(self, roomId, content, type="m.room.message"):
        await self.room(roomId)
        if self.client.should_query_keys:
            checked(await self.client.keys_query())
        sent = checked(await self.client.room_send(roomId, type, content, ignore_unverified_devices=True))
        session = self.client.olm.outbound_group_sessions.get(roomId)
        return {"eventId": sent.event_id, "sessionId": session and session.id}

    async def send_text(self, roomId, body):
        return await self.send(roomId, {"msgtype": "m.text", "body": body})

    async def send_voice(self, roomId, file, durationMs, waveform=(), mimetype=VOICE_TYPE, body="Voice message.ogg"):
        with open(file, "rb") as source:
            clear = source.read()
        # Not upload(encrypt=True): that can return before it has the keys.
        ciphertext, keys = encrypt_attachment(clear)
        upload, _ = await self.client.upload(lambda *_: in_chunks(ciphertext), filesize=len(ciphertext))
        content = {
            "msgtype": "m.audio",
            "body": body,
            "info": {"mimetype": mimetype, "size": len(clear), "duration": durationMs},
            "file": {**keys, "url": checked(upload).content_uri},
            "org.matrix.msc1767.audio": {"duration": durationMs, "waveform": list(waveform)},
            "org.matrix.msc3245.voice": {},
        }
        return {**await self.send(roomId, content), "content": content}

    async def rotate(self, roomId):
        """Forgets the outbound session: the next message opens a new one."""
        self.client.invalidate_outbound_session(roomId)
        return {}

    # --- devices ---------------------------------------------------------------------------------

    async def devices(self, userId):
        self.client.olm.users_for_key_query.add(userId)
        checked(await self.client.keys_query())
        return {
            "devices": [about(device) for device in self.client.device_store.active_user_devices(userId)],
        }

    async def verify_device(self, userId, deviceId):
        """Marks the device as verified, as after a comparison by hand."""
        await self.devices(userId)
        self.client.verify_device(self.client.device_store[userId][deviceId])
        return {}
