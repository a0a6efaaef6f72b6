#!/usr/bin/env bash
# What the window does when there is nothing to do: paused and untouched it draws nothing, minimised it goes on without
# drawing, and it ends well when the system asks for it.
# Usage: tests/window_idle.sh PROGRAM [FOLDER FOR SCREENSHOTS]
set -euo pipefail
program=$(realpath "$1")
shots=${2:-$(mktemp -d)}
mkdir -p "$shots"

. "$(dirname "$0")/window_display.sh"
display 1280 748
cd "$HOME"

frames() { field window "" 2; }
draws_no_more() { local before; before=$(frames); sleep 3; [ "$(frames)" = "$before" ]; }
# Processor time of the window so far, in hundredths of a second.
used() { awk '{ print $14 + $15 }' "/proc/$window/stat"; }

start open flock
echo "paused and untouched it draws nothing"
over_world
xdotool key space
until_true paused || fail "it does not pause"
until_true draws_no_more || fail "it goes on drawing while it is paused"
before=$(used)
sleep 20
seen_costs=$(($(used) - before))
echo "  $seen_costs hundredths of a second of processor time in 20 s"
before=$(frames)
sleep 3
[ "$(frames)" = "$before" ] || fail "it draws while nothing happens"

echo "it answers at once"
xdotool key period
stepped() { [ "$(frames)" -gt "$before" ]; }
until_true stepped || fail "a step is not drawn"
xdotool key space
ticks=$(tick)
until_true tick_over "$ticks" || fail "it does not go on"

echo "minimised it goes on without drawing"
xdotool windowminimize "$id"
hidden() { local before; before=$(frames); sleep 1; [ "$(frames)" = "$before" ]; }
until_true hidden || fail "it draws while nobody sees it"
ticks=$(tick)
until_true tick_over "$ticks" || fail "no ticks pass while nobody sees it"
before=$(frames)
xdotool windowmap "$id"
xdotool windowactivate "$id" || true
until_true stepped || fail "it does not draw again"

echo "minimised and paused it costs no more than when it is seen"
over_world
xdotool key space
until_true paused || fail "it does not pause"
xdotool windowminimize "$id"
until_true hidden || fail "it draws while nobody sees it"
sleep 6
before=$(used)
sleep 20
hidden_costs=$(($(used) - before))
echo "  $hidden_costs hundredths of a second of processor time in 20 s"
# A tenth of a second of slack: processor time is counted in hundredths, and both are a handful of them.
[ "$hidden_costs" -le $((seen_costs + 10)) ] || fail "hidden it costs $hidden_costs, seen $seen_costs"
xdotool windowmap "$id"
xdotool windowactivate "$id" || true
over_world
xdotool key space
playing() { ! paused; }
until_true playing || fail "it does not go on"

echo "a chord that is over within a frame is a chord"
xdotool windowfocus "$id" || true
over_world
xdotool key space
until_true paused || fail "it does not pause again"
# Ctrl E opens the editor; an E alone would change the lens.
xdotool key --delay 1 ctrl+e
until_true says "Scene text" || fail "Ctrl E does not open the editor"

echo "it ends well when the system asks for it"
press button "Kill a third" || true
sleep 1
kill -TERM "$window"
code=0
wait "$window" || code=$?
window=
[ "$code" = 0 ] || fail "SIGTERM ends it with $code"
[ -z "$(find "$AGENT2028_HOME" -name session.json -print -quit)" ] || fail "SIGTERM left a journal behind, as a crash does"
start open flock
there button "Restore" && fail "an end that the system asked for is told as a crash"
close
echo "the window rests; screenshots in $shots"
