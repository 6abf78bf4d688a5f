set -uo pipefail
logs=''

say() {
    echo "nodegraph: $*" >&2
}

