# Made by `stella completion bash` from the command's own option table.
_stella() {
    local current previous command words whole=split
    COMPREPLY=()
    current=${COMP_WORDS[COMP_CWORD]}
    previous=${COMP_WORDS[COMP_CWORD-1]}
    if [[ $current == = ]]; then
        current=
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD-2]}
    else
        whole=
    fi
    [[ -n $whole && $previous != -* ]] && previous=--file  # the path of FORMAT=PATH
    command=${COMP_WORDS[1]}
    case "$command" in buildx|index|cache|config) ((COMP_CWORD > 2)) && command+=" ${COMP_WORDS[2]}" ;; esac
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "scan explain export diff index buildx cache config completion --help --version" -- "$current")
        return
    fi
    case "$command:$previous" in
        "scan:-o"|"scan:--output") mapfile -t COMPREPLY < <(compgen -W "table json cdx-json cdx-json-1.7 cdx-xml cdx-pb spdx-json spdx-tv spdx3-json purls csv github markdown" -- "$current"); return ;;
        "scan:--view") mapfile -t COMPREPLY < <(compgen -W "inventory usage history" -- "$current"); return ;;
        "scan:--name") :; return ;;
        "scan:--github") :; return ;;
        "scan:--trust-attached") mapfile -t COMPREPLY < <(compgen -W "never stella any" -- "$current"); return ;;
        "scan:--platform") :; return ;;
        "scan:--insecure-registry") :; return ;;
        "scan:--ca-file") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "scan:--jobs") :; return ;;
        "scan:--color") mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$current"); return ;;
        "scan:--profile-to") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "scan:--cache-dir") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
        "scan:--config") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "explain:-o"|"explain:--format") mapfile -t COMPREPLY < <(compgen -W "table json" -- "$current"); return ;;
        "explain:--platform") :; return ;;
        "explain:--insecure-registry") :; return ;;
        "explain:--ca-file") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "explain:--jobs") :; return ;;
        "explain:--cache-dir") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
        "explain:--config") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "export:-o"|"export:--output") mapfile -t COMPREPLY < <(compgen -W "table json cdx-json cdx-json-1.7 cdx-xml cdx-pb spdx-json spdx-tv spdx3-json purls csv github markdown" -- "$current"); return ;;
        "export:--view") mapfile -t COMPREPLY < <(compgen -W "inventory usage history" -- "$current"); return ;;
        "export:--name") :; return ;;
        "export:--github") :; return ;;
        "export:--linked") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
        "export:--platform") :; return ;;
        "export:--insecure-registry") :; return ;;
        "export:--ca-file") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "export:--cache-dir") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
        "export:--config") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "diff:-o"|"diff:--output") :; return ;;
        "diff:--view") mapfile -t COMPREPLY < <(compgen -W "inventory usage" -- "$current"); return ;;
        "diff:--fail-on") :; return ;;
        "diff:--platform") :; return ;;
        "diff:--insecure-registry") :; return ;;
        "diff:--ca-file") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "diff:--jobs") :; return ;;
        "diff:--color") mapfile -t COMPREPLY < <(compgen -W "auto always never" -- "$current"); return ;;
        "diff:--cache-dir") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
        "diff:--config") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "index build:-o"|"index build:--to") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "index build:--platform") :; return ;;
        "index build:--insecure-registry") :; return ;;
        "index build:--ca-file") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "index build:--jobs") :; return ;;
        "index build:--cache-dir") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
        "index build:--config") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "index add:--config") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "index remove:--config") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "index query:--versions") :; return ;;
        "index query:-o"|"index query:--format") mapfile -t COMPREPLY < <(compgen -W "table json" -- "$current"); return ;;
        "index query:--config") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "index verify:--config") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "buildx command:--image") :; return ;;
        "buildx command:--generator") :; return ;;
        "buildx command:--param") :; return ;;
        "buildx command:--context") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
        "buildx command:--platform") :; return ;;
        "buildx command:--config") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "buildx push:--platform") :; return ;;
        "buildx push:--insecure-registry") :; return ;;
        "buildx push:--ca-file") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "buildx push:--jobs") :; return ;;
        "buildx push:--cache-dir") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
        "buildx push:--config") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "cache info:--cache-dir") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
        "cache info:--config") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "cache gc:--max-size") :; return ;;
        "cache gc:--older-than") :; return ;;
        "cache gc:--cache-dir") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
        "cache gc:--config") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "cache clear:--cache-dir") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
        "cache clear:--config") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "cache verify:--cache-dir") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
        "cache verify:--config") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        "config show:-o"|"config show:--format") mapfile -t COMPREPLY < <(compgen -W "table json" -- "$current"); return ;;
        "config show:--config") compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
        *:--file) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    esac
    case "$command" in
        buildx) words="command push --help" ;;
        index) words="build add remove query verify --help" ;;
        cache) words="info gc clear verify --help" ;;
        config) words="show --help" ;;
        "scan") words="oci: oci-archive: docker-archive: dir: docker: registry: sbom: -o --output --view --name --github --step-summary --trust-attached --platform --offline --insecure-registry --ca-file --jobs --no-cache --strict -q --quiet --color --profile --profile-to --cache-dir --config --debug -h --help" ;;
        "explain") words="oci: oci-archive: docker-archive: dir: docker: registry: sbom: -o --format --platform --offline --insecure-registry --ca-file --jobs --no-cache -q --quiet --cache-dir --config --debug -h --help" ;;
        "export") words="oci: oci-archive: docker-archive: dir: docker: registry: sbom: -o --output --view --name --github --linked --platform --offline --insecure-registry --ca-file --cache-dir --config --debug -h --help" ;;
        "diff") words="oci: oci-archive: docker-archive: dir: docker: registry: sbom: oci: oci-archive: docker-archive: dir: docker: registry: sbom: -o --output --view --fail-on --step-summary --platform --offline --insecure-registry --ca-file --jobs --no-cache -q --quiet --color --cache-dir --config --debug -h --help" ;;
        "index build") words="oci: oci-archive: docker-archive: dir: docker: registry: sbom: -o --to --platform --offline --insecure-registry --ca-file --jobs --no-cache -q --quiet --cache-dir --config --debug -h --help" ;;
        "index add") words="--config --debug -h --help" ;;
        "index remove") words="--config --debug -h --help" ;;
        "index query") words="--versions --used --possibly-used -o --format --config --debug -h --help" ;;
        "index verify") words="--config --debug -h --help" ;;
        "buildx command") words="--image --generator --param --context --platform --config --debug -h --help" ;;
        "buildx push") words="oci: oci-archive: docker-archive: dir: docker: registry: sbom: --platform --offline --insecure-registry --ca-file --jobs --no-cache --strict -q --quiet --cache-dir --config --debug -h --help" ;;
        "cache info") words="--cache-dir --config --debug -h --help" ;;
        "cache gc") words="--max-size --older-than --cache-dir --config --debug -h --help" ;;
        "cache clear") words="--cache-dir --config --debug -h --help" ;;
        "cache verify") words="--cache-dir --config --debug -h --help" ;;
        "config show") words="--origin -o --format --config --debug -h --help" ;;
        "completion") words="bash zsh fish -h --help" ;;
    esac
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
    if [[ $command == scan && $current != -* ]]; then
        compopt -o filenames
        mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$current")
    fi
    [[ ${COMPREPLY[0]-} == *: ]] && compopt -o nospace
}
complete -F _stella stella
