# A display of its own and hands to use a window: sourced by the scripts beside it.
# After `program`, `shots` are set: `display WIDTH HEIGHT` opens the display; `start ARGUMENTS…` opens a window.
# shellcheck shell=bash

display() {
    local number=${AGENT2028_DISPLAY:-:$((90 + RANDOM % 100))}
    Xvfb "$number" -screen 0 "$1x$2x24" -nolisten tcp >/dev/null 2>&1 &
    server=$!
    manager=
    window=
    trap finish EXIT
    export DISPLAY=$number
    # Nothing of the user's own settings is read or changed, and what is saved goes into a folder of its own.
    AGENT2028_HOME=$(mktemp -d)
    HOME=$(mktemp -d)
    export AGENT2028_HOME HOME
    unset WAYLAND_DISPLAY || true
    for _ in $(seq 50); do xdpyinfo >/dev/null 2>&1 && break; sleep 0.1; done
    # Closing a window is a window manager's message; without one there is only pulling the plug.
    openbox >/dev/null 2>&1 &
    manager=$!
    table=$shots/interface.tsv
    log=$shots/window.log
}

finish() {
    [ -n "$window" ] && kill -9 "$window" 2>/dev/null || true
    [ -n "$manager" ] && kill "$manager" 2>/dev/null || true
    kill "$server" 2>/dev/null || true
}

fail() {
    import -window root "$shots/failed.png" || true
    [ ! -s "$log" ] || tail -n 5 "$log" >&2
    echo "FAILED: $*; see $shots" >&2
    exit 1
}
shot() { import -window root "$shots/$1.png"; }

# Waits until a condition holds: by software a frame can take long.
until_true() {
    for _ in $(seq 150); do
        "$@" && return 0
        sleep 0.2
    done
    return 1
}

# Opens a window and waits until it can be used.
start() {
    rm -f "$table"
    "$program" "$@" --describe-interface "$table" >"$log" 2>&1 &
    window=$!
    until_true test -s "$table" || fail "no window opens"
    id=$(xdotool search --name 'Agent2028' | tail -n 1)
    xdotool windowfocus "$id" || true
    until_true there world "" || fail "the window shows no world"
    # Panels have taken their places after a few frames.
    for _ in 1 2 3; do seen; done
}

# Closes it as people do; it has to end well. On a busy machine the window manager may miss a key that comes with the focus.
close() {
    local code
    for _ in $(seq 6); do
        xdotool windowfocus "$id" 2>/dev/null || true
        sleep 0.3
        xdotool key alt+F4
        for _ in $(seq 50); do kill -0 "$window" 2>/dev/null || break 2; sleep 0.2; done
    done
    kill -0 "$window" 2>/dev/null && fail "the window does not close"
    wait "$window" && code=0 || code=$?
    window=
    [ "$code" = 0 ] || fail "closing the window exits with $code"
}

# The table has: role, name, value, left, top, width, height.
# The middle of the first thing of a role and name, as "x y".
place() {
    awk -F'\t' -v role="$1" -v name="$2" '$1 == role && (name == "" || $2 == name) {
        print int($4 + $6 / 2), int($5 + $7 / 2); exit
    }' "$table"
}
# A column of the first thing of a role and name: 2 is the name, 3 the value.
field() { awk -F'\t' -v role="$1" -v name="$2" -v column="$3" '$1 == role && (name == "" || $2 == name) { print $column; exit }' "$table"; }
there() { [ -n "$(place "$1" "$2")" ]; }
says() { grep -qF "$1" "$table"; }
paused() { [ "$(field clock "" 3)" = paused ]; }
tick() { field clock "" 2; }
tick_over() { [ "$(tick)" -gt "$1" ]; }
tick_under() { [ "$(tick)" -lt "$1" ]; }

# Waits until the window has drawn what came before, however long a frame takes. A window that has nothing new to draw
# draws nothing: then this is a short wait.
frames() { field window "" 2; }
seen() {
    local before
    before=$(frames)
    for _ in $(seq 12); do
        sleep 0.1
        [ "$(frames)" = "$before" ] || break
    done
    # The table is written a little later than the frame.
    sleep 0.3
}
# A click has to be seen down for at least a frame, and by software a frame can take long.
click_at() {
    xdotool mousemove --window "$id" "$1" "$2"
    seen
    xdotool mousedown 1
    seen
    xdotool mouseup 1
    seen
}
press() {
    local x y
    until_true there "$1" "$2" || fail "there is no $1 \"$2\""
    read -r x y <<<"$(place "$1" "$2")"
    click_at "$x" "$y"
}
over_world() {
    local x y
    read -r x y <<<"$(place world "")"
    xdotool mousemove --window "$id" "$x" "$y"
    seen
}
# Scrolls the dock under X and Y until something is in view: scroll_to ROLE NAME X Y.
scroll_to() {
    local x y bottom
    bottom=$(awk -F'\t' '$1 == "world" { print int($5 + $7); exit }' "$table")
    for _ in $(seq 40); do
        read -r x y <<<"$(place "$1" "$2")"
        [ -n "${y:-}" ] || fail "there is no $1 \"$2\""
        if [ "$y" -lt $((bottom - 20)) ] && [ "$y" -gt 60 ]; then
            return
        fi
        xdotool mousemove --window "$id" "$3" "$4"
        if [ "$y" -gt 60 ]; then xdotool click 5; else xdotool click 4; fi
        sleep 0.5
    done
    fail "$1 \"$2\" does not come into view"
}
