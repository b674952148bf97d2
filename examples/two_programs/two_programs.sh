#!/usr/bin/env bash
# A browser that stays between two programs, with curl alone. The first one makes a session, goes to a page, takes a
# picture and exits:
#
#     examples/two_programs/two_programs.sh begin SESSION.json https://example.com/ before.png
#
# The second one continues in the same page with nothing but the session's id and token, clicks, takes a picture and ends it:
#
#     examples/two_programs/two_programs.sh go-on SESSION.json "text=Learn more" after.png
#
# CDP_BRIDGE_URL says where the bridge is, and CDP_BRIDGE_AUTH_TOKEN is the client's token, if it has one.
set -euo pipefail

server=${CDP_BRIDGE_URL:-http://127.0.0.1:9333}
# What the bridge says of itself, and the console takes, is the address of its WebSocket.
server=${server/#ws/http} server=${server%/ws}
what=$1 kept=$2 target=$3 picture=$4

# One request. The token is read from stdin, so that it is in no list of processes. A refusal is shown and ends the script.
request() {
    local method=$1 path=$2 answer
    shift 2
    answer=$(curl --silent --show-error --fail-with-body --config - --request "$method" "$@" "$server/v1$path" \
        <<<"$authorization") || { echo "$answer" >&2 && exit 1; }
    [ -z "$answer" ] || echo "$answer"
}

# The first text with this name in a JSON answer.
field() { grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }

# A text as JSON has it.
quoted() { printf '"%s"' "$(sed 's/[\\"]/\\&/g' <<<"$1")"; }

bearer() { [ -z "$1" ] || echo "header = \"Authorization: Bearer $1\""; }

json=(--header 'Content-Type: application/json' --data)

case $what in
begin)
    authorization=$(bearer "${CDP_BRIDGE_AUTH_TOKEN:-}")
    # The token in the answer opens the session: only this user may read it.
    (umask 077 && request POST /sessions "${json[@]}" '{"idleTimeoutMs":600000}' >"$kept")
    session=$(field sessionId <"$kept")
    page=$(request POST "/sessions/$session/pages" "${json[@]}" "{\"url\":$(quoted "$target"),\"waitUntil\":\"load\"}" | field pageId)
    ;;
go-on)
    authorization=$(bearer "$(field token <"$kept")")
    session=$(field sessionId <"$kept")
    page=$(request GET "/sessions/$session/pages" | field pageId)
    click="{\"selector\":$(quoted "$target"),\"waitFor\":{\"loadState\":\"load\"}}"
    request POST "/pages/$page/command" "${json[@]}" "{\"action\":\"click\",\"params\":$click}" >/dev/null
    ;;
esac

request GET "/pages/$page/screenshot" --output "$picture"
echo "$page is at $(request GET "/pages/$page" | field url)"
[ "$what" = begin ] || request DELETE "/sessions/$session"
