# shellcheck disable=SC2034 # not every script is one of an array
number=$$ cpus=$(nproc) element=
line=yes # whether machines hear when we close their standard input

on() { # HOST COMMAND...: runs it on another machine, which sees this folder too
    local host=$1
    shift
    # shellcheck disable=SC2029 # the words are those of here
    ssh -o BatchMode=yes "$host" "$(printf '%q ' "$@")"
}

known_as() { # HOST: the address by which others reach it
    echo "$1"
}

again() { # nobody starts it anew
    echo "run this script again: it goes on there"
}
