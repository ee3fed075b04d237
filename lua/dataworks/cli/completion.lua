-- The command `completion`. It prints the script with which a shell completes the command `dataworks`.

local exit_status = require "dataworks.cli.exit_status"

local M = {}

M.description = "Prints the completion script of a shell."
M.arguments = { { "SHELL", "bash or zsh", choices = { "bash", "zsh" } } }
M.examples = [[
  dataworks completion bash >/etc/bash_completion.d/dataworks
  dataworks completion zsh >"${fpath[1]}/_dataworks"]]

local SCRIPTS = {}

-- bash splits words at "=" and ":", and replaces only the part after them.
SCRIPTS.bash = [=[
_dataworks() {
  local line=${COMP_LINE:0:COMP_POINT} word=${COMP_WORDS[COMP_CWORD]} typed prefix found
  typed=${line##*[[:blank:]]}
  case $word in = | :) word= ;; esac
  prefix=${typed%"$word"}
  COMPREPLY=()
  while IFS= read -r found; do
    COMPREPLY+=("${found#"$prefix"}")
  done < <(
    read -ra words <<<"${line#*[[:blank:]]}"
    [ -n "$typed" ] || words+=("")
    "${COMP_WORDS[0]}" __complete -- "${words[@]}" 2>/dev/null
  )
  [[ ${#COMPREPLY[@]} != 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace
}
complete -o default -F _dataworks dataworks
]=]

SCRIPTS.zsh = [=[
#compdef dataworks
local -a found
found=("${(@f)$("${words[1]}" __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
if [[ -n $found[1] ]]; then
  compadd -S '' -- ${(M)found:#*=}
  compadd -- ${found:#*=}
else
  _files
fi
]=]

function M.run(args, context)
  context.output:write(SCRIPTS[args.shell])
  return exit_status.DONE
end

return M
