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

. "$(dirname "$0")/window_display.sh"
display 1280 748
cd "$HOME"

start open welcome
echo "finds a scene"
press combobox "Scene: Welcome"
press button "All scenes"
until_true there button "Scene Predators" || fail "the gallery does not open"
xdotool type --delay 120 pred
until_true there button "Scene Predators" || fail "the search finds nothing"
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
scroll_to button "Kill a third" 120 560
press button "Kill a third"
over_world
xdotool key space
before=$(tick)
until_true tick_over $((before + 40)) || fail "it does not go on"
xdotool key space
until_true paused || fail "it does not pause again"
# Predators kill too, but not so many in so short a time.
# The legend counts them: in the row of "Select Failed".
failed=$(awk -F'\t' '$2 == "Select Failed" { top = $5 } top && $1 == "label" && $3 ~ /^[0-9]+$/ && $5 > top - 4 && $5 < top + 12 { print $3; exit }' "$table")
[ "${failed:-0}" -gt 200 ] || fail "only ${failed:-none} failed"
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
picture() { picture=$(find "$HOME" -name '*.png' -size +10k -print -quit); [ -n "$picture" ]; }
until_true picture || fail "no picture is written"
until_true says "Saved as $picture" || fail "nothing tells that the picture is saved"
shot 6-saved

echo "is killed, and brings the run back"
press button "Kill a third"
over_world
xdotool key period
journal() { [ -n "$(find "$AGENT2028_HOME" -name session.json -print -quit)" ]; }
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
close
[ -z "$(find "$AGENT2028_HOME" -name session.json -print -quit)" ] || fail "a journal is left after closing"
echo "the journey ends well; screenshots in $shots"
