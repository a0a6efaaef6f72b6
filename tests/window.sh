#!/usr/bin/env bash
# The window, driven as a person would: opens, plays, pauses, selects an agent, moves a slider, kills a fraction, closes.
# Usage: tests/window.sh PROGRAM [FOLDER FOR SCREENSHOTS]
set -euo pipefail
program=$1
shots=${2:-$(mktemp -d)}
mkdir -p "$shots"

display=:$((90 + RANDOM % 100))
Xvfb "$display" -screen 0 1440x900x24 -nolisten tcp >/dev/null 2>&1 &
server=$!
manager=
window=
finish() {
    [ -n "$window" ] && kill "$window" 2>/dev/null || true
    [ -n "$manager" ] && kill "$manager" 2>/dev/null || true
    kill "$server" 2>/dev/null || true
}
trap finish EXIT
export DISPLAY=$display
# Nothing of the user's own settings is read or changed.
AGENT2028_HOME=$(mktemp -d)
export AGENT2028_HOME
unset WAYLAND_DISPLAY || true

fail() { echo "FAILED: $*" >&2; exit 1; }
shot() { import -window root "$shots/$1.png"; }
# How many pixels differ between two screenshots, counting only clear differences.
differ() { compare -metric AE -fuzz 8% "$shots/$1.png" "$shots/$2.png" null: 2>&1 | sed 's/[^0-9.e+].*//' | awk '{printf "%d", $1}'; }
# Brightness varies over a picture that shows something.
spread() { convert "$shots/$1.png" -colorspace Gray -format '%[fx:int(1000*standard_deviation)]' info:; }

for _ in $(seq 50); do xdpyinfo >/dev/null 2>&1 && break; sleep 0.1; done
# Closing a window is a window manager's message; without one there is only pulling the plug.
openbox >/dev/null 2>&1 &
manager=$!

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
sleep 3
shot welcome
[ "$(spread welcome)" -gt 20 ] || fail "the welcome scene is blank"
xdotool windowfocus "$id" key alt+F4
wait "$window" || fail "closing the welcome scene exits with $?"
window=

table=$shots/interface.tsv
rm -f "$table"
log=$shots/window.log
scene=$shots/flock.ron
"$program" scenes show flock >"$scene"
"$program" open "$scene" --seed 5 --describe-interface "$table" >"$log" 2>&1 &
window=$!
for _ in $(seq 300); do
    [ -s "$table" ] && break
    kill -0 "$window" 2>/dev/null || { cat "$log" >&2; fail "the program ended before its window opened"; }
    sleep 0.2
done
id=$(xdotool search --name 'Agent2028' | tail -n 1)
xdotool windowfocus "$id" || true
sleep 4

# The table has: role, name, value, left, top, width, height.
# The middle of the first thing of a role and name, as "x y".
place() {
    awk -F'\t' -v role="$1" -v name="$2" '$1 == role && (name == "" || $2 == name) {
        print int($4 + $6 / 2), int($5 + $7 / 2); exit
    }' "$table"
}
# The name, or the value, of the first thing of a role.
field() { awk -F'\t' -v role="$1" -v name="$2" -v column="$3" '$1 == role && (name == "" || $2 == name) { print $column; exit }' "$table"; }
# A click has to be seen down for at least a frame, and by software a frame can take long.
press() {
    read -r x y <<<"$1"
    xdotool mousemove --window "$id" "$x" "$y"
    sleep 0.3
    xdotool mousedown 1
    sleep 0.3
    xdotool mouseup 1
    sleep 0.7
}
# Scrolls the panel that has the height Y until something is in view: scroll_to ROLE NAME Y.
scroll_to() {
    local bottom
    local over=$3
    bottom=$(awk -F'\t' '$1 == "world" { print $5 + $7; exit }' "$table")
    for _ in $(seq 40); do
        read -r x y <<<"$(place "$1" "$2")"
        [ -n "${y:-}" ] || fail "there is no $1 \"$2\""
        if [ "$y" -lt $((bottom - 20)) ] && [ "$y" -gt 60 ]; then
            return
        fi
        xdotool mousemove --window "$id" 60 "$over"
        if [ "$y" -gt 60 ]; then xdotool click 5; else xdotool click 4; fi
        sleep 0.5
    done
    fail "$1 \"$2\" does not come into view"
}

echo "it plays"
shot playing
[ "$(spread playing)" -gt 20 ] || fail "the window is blank"
[ "$(field clock "" 3)" = playing ] || fail "it does not play by itself"
before=$(field clock "" 2)
sleep 1.5
shot playing-later
[ "$(field clock "" 2)" -gt "$before" ] || fail "no ticks pass"
[ "$(differ playing playing-later)" -gt 500 ] || fail "nothing moves while playing"

echo "it pauses"
read -r x y <<<"$(place world "")"
xdotool mousemove --window "$id" "$x" "$y" key space
sleep 2
[ "$(field clock "" 3)" = paused ] || fail "the space bar does not pause"
shot paused
sleep 1
shot paused-later
[ "$(differ paused paused-later)" -lt 400 ] || fail "something moves while paused"

echo "it selects an agent"
agent=$(field agent "" 2)
press "$(place agent "$agent")"
sleep 0.5
[ "$(field selected "" 2)" = "$agent" ] || fail "a click on $agent selects \"$(field selected "" 2)\""
shot selected
[ "$(differ paused selected)" -gt 300 ] || fail "the selection does not show"

echo "it moves a slider"
scroll_to slider Cohesion 200
was=$(field slider Cohesion 3)
shot before-slider
read -r x y <<<"$(place slider Cohesion)"
press "$((x + 60)) $y"
# Changes are made before a tick: one has to pass.
xdotool key period
sleep 1.5
shot slider
now=$(field slider Cohesion 3)
[ "$was" != "$now" ] || fail "the slider stays at $was"
[ "$(differ before-slider slider)" -gt 20 ] || fail "the slider does not show its value"

echo "it kills a third"
scroll_to button "Kill a third" 560
shot before-kill
press "$(place button "Kill a third")"
read -r x y <<<"$(place world "")"
xdotool mousemove --window "$id" "$x" "$y" key period
sleep 2
shot killed
[ "$(differ before-kill killed)" -gt 1000 ] || fail "killing a third does not show"

echo "it takes up a changed scene, and keeps the old one if the new one is wrong"
sed -i 's/count: 1000/count: 10/' "$scene"
sleep 2
[ "$(awk -F'\t' '$1 == "agent"' "$table" | wc -l)" = 10 ] || fail "a changed scene is not taken up"
sed -i 's/separation: (radius/separation: (raduis/' "$scene"
sleep 2
[ "$(awk -F'\t' '$1 == "agent"' "$table" | wc -l)" = 10 ] || fail "a wrong scene replaces the running one"
shot wrong-scene
sed -i 's/separation: (raduis/separation: (radius/' "$scene"

echo "it closes"
xdotool windowfocus "$id" key alt+F4
for _ in $(seq 50); do kill -0 "$window" 2>/dev/null || break; sleep 0.2; done
kill -0 "$window" 2>/dev/null && fail "the window does not close"
wait "$window" && code=0 || code=$?
window=
[ "$code" = 0 ] || { cat "$log" >&2; fail "closing the window exits with $code"; }
echo "the window works; screenshots in $shots"
