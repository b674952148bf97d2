#!/usr/bin/env bash
# A browser that stays between two programs, with curl alone. The first one makes a session, goes to a page, takes a
# picture and exits:
#
#     examples/two_programs/two_programs.sh begin SESSION.json https://example.com/ before.png
#
# The second one goes on in the same page with nothing but what the first one was told, clicks, takes a picture and ends it:
#
#     examples/two_programs/two_programs.sh go-on SESSION.json "text=Learn more" after.png
#
# CDP_BRIDGE_URL says where the bridge is, and CDP_BRIDGE_AUTH_TOKEN is the client's token, if it has one.
set -euo pipefail

server=${CDP_BRIDGE_URL:-http://127.0.0.1:9333}
kept=$2 target=$3 picture=$4

# One request; the token comes on stdin, so that it is in no list of processes. An error ends the script with its document.
request() {
    local method=$1 path=$2
    shift 2
    curl --silent --show-error --fail-with-body --config - --request "$method" "$@" "$server/v1$path" <<<"$authorization"
}

# The first text with this name in a JSON answer.
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1; }

# A text as JSON has it.
quoted() { printf '"%s"' "$(sed 's/[\\"]/\\&/g' <<<"$1")"; }

bearer() { [ -z "$1" ] || echo "header = \"Authorization: Bearer $1\""; }

json=(--header 'Content-Type: application/json' --data)

case $1 in
begin)
    authorization=$(bearer "${CDP_BRIDGE_AUTH_TOKEN:-}")
    # The token in the answer opens the session: only this user may read it.
    umask 077
    request POST /sessions "${json[@]}" '{"idleTimeoutMs":600000}' >"$kept"
    session=$(field sessionId <"$kept")
    page=$(request POST "/sessions/$session/pages" "${json[@]}" "{\"url\":$(quoted "$target"),\"waitUntil\":\"load\"}")
    page=$(field pageId <<<"$page")
    ;;
go-on)
    authorization=$(bearer "$(field token <"$kept")")
    session=$(field sessionId <"$kept")
    page=$(request GET "/sessions/$session/pages" | field pageId)
    request POST "/pages/$page/command" "${json[@]}" \
        "{\"action\":\"click\",\"params\":{\"selector\":$(quoted "$target"),\"waitFor\":{\"loadState\":\"load\"}}}" >/dev/null
    ;;
esac

request GET "/pages/$page/screenshot" --output "$picture"
echo "$page is at $(request GET "/pages/$page" | field url)"
[ "$1" = begin ] || request DELETE "/sessions/$session"
