// The requests by which a person repeats a check. `$HS`, `$TOKEN`, `$ROOM` and `$USER` stand for what they know.

const CURL = 'curl -H "Authorization: Bearer $TOKEN"';

/** https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidstateeventtypestatekey */
export const curlState = (type: string): string =>
  `${CURL} "$HS/_matrix/client/v3/rooms/$ROOM/state/${type}/"`;

/** https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmembers */
export const curlMembers = `${CURL} "$HS/_matrix/client/v3/rooms/$ROOM/members"`;

/** https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidstate */
export const curlWholeState = `${CURL} "$HS/_matrix/client/v3/rooms/$ROOM/state"`;

/** https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmessages */
export const curlTimeline = `${CURL} "$HS/_matrix/client/v3/rooms/$ROOM/messages?dir=b&limit=500"`;

/** https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysquery */
export const curlKeys = `${CURL} -d "{\\"device_keys\\": {\\"$USER\\": []}}" "$HS/_matrix/client/v3/keys/query"`;

/** Needs the token of an administrator of the homeserver. https://element-hq.github.io/synapse/latest/usage/administration/admin_api/ */
export const curlAdmin = (path: string): string => `${CURL} "$HS/_synapse/admin/${path}"`;
