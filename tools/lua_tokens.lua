-- Splits the text of a Lua file into tokens. Comments and spaces are left out.

--- Returns the position of the quote that ends the string that begins at a position.
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

--- Returns the kind of the token at a position and the last position of the token; for a string in quotes or long
--- brackets, also the text between them.
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

--- Returns the tokens of a file. The kind of a token is string, name, number, mark or, for the last token, end. The
--- text of a string is the part between its quotes; its raw text includes the quotes.
---@param text string
---@return { kind: string, text: string, raw: string, line: integer }[]
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
