#!/usr/bin/env bash
# The way of somebody who sees the window for the first time: finds a scene, runs it, slows it down, clicks an agent and
# asks why, changes a parameter, kills a third, goes back in time, forks, compares, saves a table and a picture; then the
# program is killed and brings the run back.
# Usage: tests/window_journey.sh PROGRAM [FOLDER FOR SCREENSHOTS]
set -euo pipefail
program=$(realpath "$1")
shots=${2:-$(mktemp -d)}
mkdir -p "$shots"
shots=$(realpath "$shots")

display=:$((90 + RANDOM % 100))
Xvfb "$display" -screen 0 1280x748x24 -nolisten tcp >/dev/null 2>&1 &
server=$!
manager=
window=
finish() {
    [ -n "$window" ] && kill -9 "$window" 2>/dev/null || true
    [ -n "$manager" ] && kill "$manager" 2>/dev/null || true
    kill "$server" 2>/dev/null || true
}
trap finish EXIT
export DISPLAY=$display
# Nothing of the user's own settings is read or changed, and what is saved goes into a folder of its own.
AGENT2028_HOME=$(mktemp -d)
HOME=$(mktemp -d)
export AGENT2028_HOME HOME
unset WAYLAND_DISPLAY || true
cd "$HOME"
for _ in $(seq 50); do xdpyinfo >/dev/null 2>&1 && break; sleep 0.1; done
openbox >/dev/null 2>&1 &
manager=$!

table=$shots/interface.tsv
log=$shots/window.log
fail() {
    import -window root "$shots/failed.png" || true
    tail -n 5 "$log" >&2 || true
    echo "FAILED: $*; see $shots" >&2
    exit 1
}
shot() { import -window root "$shots/$1.png"; }
# The table has: role, name, value, left, top, width, height.
place() {
    awk -F'\t' -v role="$1" -v name="$2" '$1 == role && (name == "" || $2 == name) {
        print int($4 + $6 / 2), int($5 + $7 / 2); exit
    }' "$table"
}
field() { awk -F'\t' -v role="$1" -v name="$2" -v column="$3" '$1 == role && (name == "" || $2 == name) { print $column; exit }' "$table"; }
# Waits until a condition holds: by software a frame can take long.
until_true() {
    for _ in $(seq 100); do
        "$@" && return 0
        sleep 0.2
    done
    return 1
}
there() { [ -n "$(place "$1" "$2")" ]; }
says() { grep -qF "$1" "$table"; }
click_at() {
    xdotool mousemove --window "$id" "$1" "$2"
    sleep 0.4
    xdotool mousedown 1
    sleep 0.4
    xdotool mouseup 1
    sleep 0.8
}
press() {
    until_true there "$1" "$2" || fail "there is no $1 \"$2\""
    read -r x y <<<"$(place "$1" "$2")"
    click_at "$x" "$y"
}
over_world() {
    read -r x y <<<"$(place world "")"
    xdotool mousemove --window "$id" "$x" "$y"
    sleep 0.3
}
start() {
    rm -f "$table"
    "$program" "$@" --describe-interface "$table" >"$log" 2>&1 &
    window=$!
    until_true test -s "$table" || fail "no window opens"
    id=$(xdotool search --name 'Agent2028' | tail -n 1)
    xdotool windowfocus "$id" || true
    sleep 4
}
paused() { [ "$(field clock "" 3)" = paused ]; }
tick() { field clock "" 2; }
tick_over() { [ "$(tick)" -gt "$1" ]; }
tick_under() { [ "$(tick)" -lt "$1" ]; }

start open welcome
echo "finds a scene"
press combobox "Scene: Welcome"
press button "All scenes"
until_true there button "Scene Predators" || fail "the gallery does not open"
xdotool type --delay 120 pred
sleep 1.5
shot 1-gallery
press button "Scene Predators"
until_true there combobox "Scene: Predators" || fail "the scene does not open"

echo "runs it, and slows it down"
until_true tick_over 20 || fail "no ticks pass"
press button "Slower"
until_true says "0.5×" || fail "it is not slower"
over_world
xdotool key space
until_true paused || fail "it does not pause"

echo "clicks an agent and asks why"
# One in the middle of the world, where no panel lies over it.
agent=$(awk -F'\t' '$1 == "agent" && $2 ~ /starling/ && $4 > 640 && $4 < 900 && $5 > 280 && $5 < 560 { print $2; exit }' "$table")
[ -n "$agent" ] || fail "no starling is in sight"
press agent "$agent"
until_true there selected "" || fail "nothing is selected"
press button "Why"
until_true says "If it decided now" || fail "nothing tells why"
shot 2-why

echo "changes a parameter"
until_true there slider Cohesion || fail "there is no slider for cohesion"
was=$(field slider Cohesion 3)
read -r x y <<<"$(place slider Cohesion)"
click_at "$((x + 50))" "$y"
over_world
xdotool key period
changed() { [ "$(field slider Cohesion 3)" != "$was" ]; }
until_true changed || fail "cohesion stays at $was"

echo "kills a third"
for _ in $(seq 30); do
    read -r x y <<<"$(place button "Kill a third")"
    [ -n "${y:-}" ] && [ "$y" -lt 640 ] && [ "$y" -gt 60 ] && break
    xdotool mousemove --window "$id" 120 560 click 5
    sleep 0.4
done
press button "Kill a third"
over_world
xdotool key space
before=$(tick)
until_true tick_over $((before + 40)) || fail "it does not go on"
xdotool key space
until_true paused || fail "it does not pause again"
says "agents failed" || says "Failed" || fail "nobody failed"
shot 3-killed

echo "goes back in time"
end=$(tick)
read -r left top width height <<<"$(awk -F'\t' '$1 == "slider" && $2 == "Time" { print int($4), int($5), int($6), int($7); exit }' "$table")"
click_at $((left + 30)) $((top + height / 2))
until_true tick_under "$((end - 30))" || fail "the strip of time does not lead back from tick $end"
shot 4-back

echo "forks, and compares"
press button "Fork here"
over_world
xdotool key space
before=$(tick)
until_true tick_over $((before + 30)) || fail "the fork does not run"
xdotool key space
until_true paused || fail "the fork does not pause"
press button "Runs"
# The run that it forked from is compared without asking.
until_true says "Metrics at tick" || fail "the runs are not compared"
shot 5-compared

echo "saves a table and a picture"
press button "Save all plotted values as CSV"
until_true says "Save the plotted values as" || fail "nothing asks where to"
press button "Save"
until_true test -s "$HOME/plots.csv" || fail "no table is written"
head -n 1 "$HOME/plots.csv" | grep -q '^tick,time_s,' || fail "the table has another header"
until_true says "Saved as $HOME/plots.csv" || fail "nothing tells that the table is saved"
press button "Close the notice"
over_world
xdotool key F12
picture() { [ -n "$(find "$HOME" "$AGENT2028_HOME" -name '*.png' -size +10k -print -quit)" ]; }
until_true picture || fail "no picture is written"
until_true says "Saved as" || fail "nothing tells that the picture is saved"
shot 6-saved

echo "is killed, and brings the run back"
press button "Kill a third"
over_world
xdotool key period
journal() { [ -s "$AGENT2028_HOME/state/sessions/$window/session.json" ] || [ -n "$(find "$AGENT2028_HOME" -name session.json -print -quit)" ]; }
until_true journal || fail "nobody writes down what is done"
sleep 2
end=$(tick)
kill -9 "$window"
wait "$window" 2>/dev/null || true
start open welcome
until_true there button "Restore" || fail "the run that was cut off is not offered"
shot 7-offered
press button "Restore"
until_true there combobox "Scene: Predators" || fail "the run does not come back"
back() { [ "$(tick)" = "$end" ]; }
until_true back || fail "it comes back at tick $(tick) instead of $end"
shot 8-restored
xdotool windowfocus "$id" key alt+F4
wait "$window" && code=0 || code=$?
window=
[ "$code" = 0 ] || fail "closing the window exits with $code"
[ -z "$(find "$AGENT2028_HOME" -name session.json -print -quit)" ] || fail "a journal is left after closing"
echo "the journey ends well; screenshots in $shots"
