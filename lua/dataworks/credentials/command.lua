-- Splits a command line into words. Blanks, quotes and backslashes have the same meaning as in a POSIX shell. Nothing
-- is expanded.

local M = {}

-- Inside double quotes, a backslash escapes only these characters.
local ESCAPED = { ['"'] = true, ["\\"] = true, ["$"] = true, ["`"] = true }

--- Returns the text from `at` up to a closing double quote, and the position after this quote. Returns nil if there is
--- no closing quote.
local function parse_double_quoted(line, at)
  local out = {}
  while at <= #line do
    local byte, following = line:sub(at, at), line:sub(at + 1, at + 1)
    if byte == '"' then
      return table.concat(out), at + 1
    elseif byte == "\\" and following == "\n" then
      at = at + 2
    elseif byte == "\\" and ESCAPED[following] then
      out[#out + 1] = following
      at = at + 2
    else
      out[#out + 1] = byte
      at = at + 1
    end
  end
end

--- Returns the text of the quoted or plain part of a word that begins at `at`, and the position after this part.
local function parse_piece(line, at)
  local byte = line:sub(at, at)
  if byte == "'" then
    local stop = line:find("'", at + 1, true)
    return stop and line:sub(at + 1, stop - 1), stop and stop + 1
  elseif byte == '"' then
    return parse_double_quoted(line, at + 1)
  elseif byte == "\\" then
    return at < #line and line:sub(at + 1, at + 1) or nil, at + 2
  end
  local plain = line:match("^[^%s'\"\\]+", at)
  return plain, at + #plain
end

function M.split(line)
  local words, pieces, at = {}, {}, 1
  line = line:gsub("^%s+", "")
  while at <= #line do
    if line:find("^\\\n", at) then
      at = at + 2
    elseif line:find("^%s", at) then
      words[#words + 1] = pieces[1] and table.concat(pieces)
      pieces, at = {}, line:find("%S", at) or #line + 1
    else
      local text, following = parse_piece(line, at)
      if not text then
        return nil, "it ends inside a quote or after a backslash"
      end
      pieces[#pieces + 1], at = text, following
    end
  end
  words[#words + 1] = pieces[1] and table.concat(pieces)
  if not words[1] or words[1] == "" then
    return nil, "it names no program"
  end
  return words
end

return M
