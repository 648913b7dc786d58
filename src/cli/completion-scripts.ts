/** All knowledge is in `depot __complete`; the scripts only hand the words over and the candidates back. */
export const completionScripts = {
  bash: `# bash completion for depot; load it with: source <(depot completion bash)
_depot() {
  local line
  local -a lines
  COMPREPLY=()
  mapfile -t lines < <(depot __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  case \${lines[0]-} in
    :files) compopt -o default; return ;;
    :paths) compopt -o filenames; lines=("\${lines[@]:1}") ;;
  esac
  for line in "\${lines[@]}"; do COMPREPLY+=("\${line%%$'\\t'*}"); done
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == */ ]]; then compopt -o nospace; fi
}
complete -F _depot depot
`,
  zsh: `#compdef depot
# zsh completion for depot; load it with: source <(depot completion zsh)
_depot() {
  local -a lines folders values shown
  local line
  lines=("\${(@f)$(depot __complete -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  case $lines[1] in
    :files) _files; return ;;
    :paths) shift lines ;;
  esac
  for line in $lines; do
    if [[ \${line%%$'\\t'*} == */ ]]; then
      folders+=("\${line%%$'\\t'*}")
    else
      values+=("\${line%%$'\\t'*}")
      shown+=("\${line/$'\\t'/  -- }")
    fi
  done
  (( $#folders )) && compadd -S '' -a folders
  (( $#values )) && compadd -l -d shown -a values
}
if [[ $funcstack[1] == _depot ]]; then _depot "$@"; else compdef _depot depot; fi
`,
  fish: `# fish completion for depot; load it with: depot completion fish | source
complete -c depot -f
complete -c depot -l config -r -F
complete -c depot -a '(depot __complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null | string match -v -r "^:")'
`,
} as const;

export type Shell = keyof typeof completionScripts;
