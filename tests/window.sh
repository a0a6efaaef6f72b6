#!/usr/bin/env bash
# The window, driven as a person would: opens, plays, pauses, selects an agent, moves a slider, kills a fraction, closes.
# Usage: tests/window.sh PROGRAM [FOLDER FOR SCREENSHOTS]
set -euo pipefail
program=$1
shots=${2:-$(mktemp -d)}
mkdir -p "$shots"

display=:$((90 + RANDOM % 100))
Xvfb "$display" -screen 0 1280x720x24 -nolisten tcp >/dev/null 2>&1 &
server=$!
window=
finish() {
    [ -n "$window" ] && kill "$window" 2>/dev/null || true
    kill "$server" 2>/dev/null || true
}
trap finish EXIT
export DISPLAY=$display
unset WAYLAND_DISPLAY || true

fail() { echo "FAILED: $*" >&2; exit 1; }
shot() { import -window root "$shots/$1.png"; }
# How many pixels differ between two screenshots, counting only clear differences.
differ() { compare -metric AE -fuzz 8% "$shots/$1.png" "$shots/$2.png" null: 2>&1 | sed 's/[^0-9.e+].*//' | awk '{printf "%d", $1}'; }
# Brightness varies over a picture that shows something.
spread() { convert "$shots/$1.png" -colorspace Gray -format '%[fx:int(1000*standard_deviation)]' info:; }

for _ in $(seq 50); do xdpyinfo >/dev/null 2>&1 && break; sleep 0.1; done

echo "same hash in the window as headless"
in_window=$("$program" open predator --until 240 --speed max | grep state-hash)
headless=$("$program" run predator --ticks 240 2>/dev/null | grep state-hash || true)
[ -n "$in_window" ] && [ "$in_window" = "$headless" ] || fail "window: $in_window, headless: $headless"

log=$shots/window.log
"$program" open flock --seed 5 >"$log" 2>&1 &
window=$!
for _ in $(seq 150); do
    xdotool search --name 'Agent2028' >/dev/null 2>&1 && break
    kill -0 "$window" 2>/dev/null || { cat "$log" >&2; fail "the program ended before its window opened"; }
    sleep 0.2
done
id=$(xdotool search --name 'Agent2028' | tail -n 1)
xdotool windowfocus "$id" || true
sleep 6

shot playing
[ "$(spread playing)" -gt 20 ] || fail "the window is blank"
sleep 1
shot playing-later
[ "$(differ playing playing-later)" -gt 500 ] || fail "nothing moves while playing"

echo "pause"
xdotool mousemove 640 360 key space
sleep 1.5
shot paused
sleep 1
shot paused-later
[ "$(differ paused paused-later)" -lt 400 ] || fail "something moves while paused"

echo "select an agent"
# An agent is somewhere near the middle of the world; a click picks the nearest within reach.
"$(dirname "$0")/click-agent.sh" "$shots" "$shots/paused.png"
sleep 1
shot selected
[ "$(differ paused selected)" -gt 300 ] || fail "a click on an agent changes nothing"

echo "move a slider"
"$(dirname "$0")/find-control.sh" slider
sleep 1
shot slider
[ "$(differ selected slider)" -gt 50 ] || fail "a slider does not move"

echo "kill a third"
"$(dirname "$0")/find-control.sh" kill
xdotool mousemove 640 500 key period
sleep 1.5
shot killed
[ "$(differ slider killed)" -gt 1000 ] || fail "killing a third changes nothing"

echo "close"
xdotool windowclose "$id" 2>/dev/null || true
for _ in $(seq 50); do kill -0 "$window" 2>/dev/null || break; sleep 0.2; done
kill -0 "$window" 2>/dev/null && fail "the window does not close"
wait "$window" && code=0 || code=$?
window=
[ "$code" = 0 ] || { cat "$log" >&2; fail "closing the window exits with $code"; }
echo "the window works; screenshots in $shots"
