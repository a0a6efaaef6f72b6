#!/usr/bin/env bash
# The window, driven as a person would: opens, plays, pauses, selects an agent, moves a slider, kills a fraction, closes.
# Usage: tests/window.sh PROGRAM [FOLDER FOR SCREENSHOTS]
set -euo pipefail
program=$1
shots=${2:-$(mktemp -d)}
mkdir -p "$shots"

. "$(dirname "$0")/window_display.sh"
display 1440 900

# How many pixels differ between two screenshots, counting only clear differences.
differ() { compare -metric AE -fuzz 8% "$shots/$1.png" "$shots/$2.png" null: 2>&1 | sed 's/[^0-9.e+].*//' | awk '{printf "%d", $1}'; }
# Brightness varies over a picture that shows something.
spread() { convert "$shots/$1.png" -colorspace Gray -format '%[fx:int(1000*standard_deviation)]' info:; }

echo "every scene has the same hash in the window as headless"
for name in $("$program" scenes --format json | grep -o '"name": *"[^"]*"' | cut -d'"' -f4); do
    in_window=$("$program" open "$name" --until 60 --speed max 2>/dev/null | grep state-hash || true)
    # Expectations about later ticks fail in so short a run; only the hash counts.
    headless=$("$program" run "$name" --ticks 60 2>/dev/null | grep state-hash || true)
    [ -n "$in_window" ] && [ "$in_window" = "$headless" ] || fail "$name: window: $in_window, headless: $headless"
done

echo "without a verb it welcomes"
"$program" >"$shots/welcome.log" 2>&1 &
window=$!
for _ in $(seq 150); do
    id=$(xdotool search --name 'Welcome' 2>/dev/null | tail -n 1 || true)
    [ -n "$id" ] && break
    kill -0 "$window" 2>/dev/null || { cat "$shots/welcome.log" >&2; fail "the program ended before its window opened"; }
    sleep 0.2
done
drawn() { shot "$1"; [ "$(spread "$1")" -gt 20 ]; }
until_true drawn welcome || fail "the welcome scene is blank"
close

scene=$shots/flock.ron
"$program" scenes show flock >"$scene"
start open "$scene" --seed 5

echo "it plays"
until_true drawn playing || fail "the window is blank"
[ "$(field clock "" 3)" = playing ] || fail "it does not play by itself"
before=$(tick)
until_true tick_over "$before" || fail "no ticks pass"
# Takes a picture, and tells whether it differs clearly from an earlier one in more pixels than so many.
changed() { shot "$2"; [ "$(differ "$1" "$2")" -gt "$3" ]; }
until_true changed playing playing-later 500 || fail "nothing moves while playing"

echo "it pauses"
over_world
xdotool key space
until_true paused || fail "the space bar does not pause"
at_rest() { shot paused; sleep 1; shot paused-later; [ "$(differ paused paused-later)" -lt 400 ]; }
until_true at_rest || fail "something moves while paused"

echo "it selects an agent"
agent=$(field agent "" 2)
press agent "$agent"
selected() { [ "$(field selected "" 2)" = "$agent" ]; }
until_true selected || fail "a click on $agent selects \"$(field selected "" 2)\""
until_true changed paused selected 300 || fail "the selection does not show"

echo "it moves a slider"
scroll_to slider Cohesion 60 200
was=$(field slider Cohesion 3)
shot before-slider
read -r x y <<<"$(place slider Cohesion)"
click_at "$((x + 60))" "$y"
# Changes are made before a tick: one has to pass.
xdotool key period
moved() { [ "$(field slider Cohesion 3)" != "$was" ]; }
until_true moved || fail "the slider stays at $was"
until_true changed before-slider slider 20 || fail "the slider does not show its value"

echo "it kills a third"
scroll_to button "Kill a third" 60 560
shot before-kill
press button "Kill a third"
over_world
xdotool key period
until_true changed before-kill killed 1000 || fail "killing a third does not show"

echo "it takes up a changed scene, and keeps the old one if the new one is wrong"
sed -i 's/count: 1000/count: 10/' "$scene"
ten() { [ "$(awk -F'\t' '$1 == "agent"' "$table" | wc -l)" = 10 ]; }
until_true ten || fail "a changed scene is not taken up"
sed -i 's/separation: (radius/separation: (raduis/' "$scene"
until_true says raduis || fail "nothing tells that the scene is wrong"
ten || fail "a wrong scene replaces the running one"
shot wrong-scene
sed -i 's/separation: (raduis/separation: (radius/' "$scene"

echo "it closes"
close
echo "the window works; screenshots in $shots"
