-- Splits the text of a Lua file into tokens, without comments and spaces.

local function end_of_string(text, at)
  local quote = text:sub(at, at)
  repeat
    at = text:find("[\\" .. quote .. "]", at + 1) or #text
    local escaped = text:sub(at, at) == "\\"
    at = escaped and at + 1 or at
  until not escaped
  return at
end

local KINDS = { { "space", "^%s+" }, { "name", "^[%a_][%w_]*" }, { "number", "^%d[%w.]*" }, { "mark", "^%.+" } }

--- The kind of the token at a position, its last position, and the value of a string.
local function next_token(text, at)
  local _, to, level = text:find("^%-?%-?%[(=*)%[", at)
  local is_comment = text:find("^%-%-", at)
  if to and (is_comment or text:find("^%[", at)) then
    local from, last = text:find("]" .. level .. "]", to + 1, true)
    return is_comment and "comment" or "string", last or #text, text:sub(to + 1, (from or #text + 1) - 1)
  elseif is_comment then
    return "comment", (text:find("\n", at, true) or #text + 1) - 1
  elseif text:find("^[\"']", at) then
    to = end_of_string(text, at)
    return "string", to, text:sub(at + 1, to - 1)
  end
  for _, kind in ipairs(KINDS) do
    _, to = text:find(kind[2], at)
    if to then
      return kind[1], to
    end
  end
  return "mark", at
end

---@param text string
---@return { kind: string, text: string, raw: string, line: integer }[] kinds are string, name, number, mark and a last
--- one, end; the text of a string is the part between its quotes
return function(text)
  local tokens, at, line = {}, text:match("^#[^\n]*()") or 1, 1
  while at <= #text do
    local kind, to, value = next_token(text, at)
    local piece = text:sub(at, to)
    if kind ~= "space" and kind ~= "comment" then
      tokens[#tokens + 1] = { kind = kind, text = value or piece, raw = piece, line = line }
    end
    line = line + select(2, piece:gsub("\n", ""))
    at = to + 1
  end
  tokens[#tokens + 1] = { kind = "end", text = "", raw = "", line = line }
  return tokens
end
