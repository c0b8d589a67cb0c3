#include "completion/scripts.h"

namespace uvspdy::command {
namespace {

// The scripts pass words as the program would get them: without quotes, with ~/ as the home folder.
// Nothing of a line is run for that: $(...) stays text.

// COMP_WORDS has the quotes, and is cut at "=" and ":", which names and values contain. bash
// replaces only $2, the part behind the last of these or behind an open quote.
constexpr std::string_view kBash = R"(# bash completion for uvspdy; in ~/.bashrc:
#   source <(uvspdy completion bash)
_uvspdy_split() {
  local line=$1 quote='' word='' is_begun='' i c
  words=()
  for ((i = 0; i < ${#line}; ++i)); do
    c=${line:i:1}
    if [[ -z $quote && $c == [[:space:]] ]]; then
      [[ -n $is_begun ]] && words+=("$word")
      word='' is_begun=''
      continue
    fi
    if [[ $c == '\' && $quote != "'" ]]; then
      word+=${line:$((++i)):1}
    elif [[ -n $quote && $c == "$quote" ]]; then
      quote=''
    elif [[ -z $quote && $c == [\"\'] ]]; then
      quote=$c
    elif [[ -z $is_begun && ${line:i:2} == '~/' ]]; then
      word=$HOME
    else
      word+=$c
    fi
    is_begun=1
  done
  words+=("$word")
}
_uvspdy() {
  local word typed=${2//\\/} prefix='' directive candidate
  local -a words candidates
  COMPREPLY=()
  _uvspdy_split "${COMP_LINE:0:COMP_POINT}"
  word=${words[${#words[@]} - 1]}
  mapfile -t candidates < <("${words[0]}" __complete "${words[@]:1}" 2>/dev/null)
  ((${#candidates[@]} > 0)) || return
  directive=${candidates[${#candidates[@]} - 1]#:}
  unset 'candidates[${#candidates[@]} - 1]'
  [[ $word == *"$typed" ]] && prefix=${word%"$typed"}
  for candidate in "${candidates[@]%%$'\t'*}"; do
    [[ $candidate == "$word"* ]] && COMPREPLY+=("${candidate#"$prefix"}")
  done
  ((directive & 2)) && compopt -o nospace 2>/dev/null
  ((directive & 4)) && compopt +o default 2>/dev/null
  return 0
}
complete -o default -F _uvspdy uvspdy
)";

constexpr std::string_view kZsh = R"(#compdef uvspdy
# zsh completion for uvspdy; in ~/.zshrc, behind compinit:
#   source <(uvspdy completion zsh)
_uvspdy() {
  local -a typed lines names shown suffix
  local directive line
  typed=("${(@)words[1,CURRENT-1]/#\~\//${(q)HOME}/}")
  typed=("${(@Q)typed}" "${(Q)PREFIX}")
  lines=("${(@f)$("${typed[1]}" __complete "${(@)typed[2,-1]}" 2>/dev/null)}")
  directive=${lines[-1]#:}
  lines[-1]=()
  for line in $lines; do
    names+=("${line%%$'\t'*}")
    shown+=("${line/$'\t'/  -- }")
  done
  ((directive & 2)) && suffix=(-S '')
  (($#names)) && compadd "${(@)suffix}" -d shown -a names
  ((directive & 4)) || _files
}
compdef _uvspdy uvspdy
if [[ $funcstack[1] == _uvspdy ]]; then _uvspdy "$@"; fi
)";

constexpr std::string_view kFish = R"(# fish completion for uvspdy:
#   uvspdy completion fish >~/.config/fish/completions/uvspdy.fish
function __uvspdy_complete
    set -l word (commandline -ct)
    set -l words (commandline -opc | string replace -r '^~/' "$HOME/")
    set -l begun (string replace -ra '["\']' '' -- "$word")
    set -l lines ($words[1] __complete $words[2..-1] "$begun" 2>/dev/null)
    test (count $lines) -gt 1; and printf '%s\n' $lines[1..-2]
    string match -qr '^:[0-3]$' -- $lines[-1]; and __fish_complete_path "$word"
end
complete -c uvspdy -f -a '(__uvspdy_complete)'
)";

}  // namespace

std::string_view completion_script(std::string_view shell) {
  if (shell == "bash") return kBash;
  if (shell == "zsh") return kZsh;
  if (shell == "fish") return kFish;
  return {};
}

}  // namespace uvspdy::command
