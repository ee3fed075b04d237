-- Lays out JSON text: one member or item a line, indented. The spelling of each value stays as it is.

local INDENT = "  "

--- Returns the position after a string that begins at the given position.
local function skip_string(text, at)
  at = at + 1
  while true do
    local stop = text:find('["\\]', at)
    if text:sub(stop, stop) == '"' then
      return stop + 1
    end
    at = stop + 2
  end
end

--- Returns JSON text in its canonical layout.
---@param text string valid JSON
---@return string
local function layout(text)
  local out, depth, at = {}, 0, 1
  local function add(piece) out[#out + 1] = piece end
  local function new_line() add("\n" .. INDENT:rep(depth)) end
  while true do
    at = text:find("[^ \t\r\n]", at)
    if not at then
      return table.concat(out)
    end
    local char, stop = text:sub(at, at), nil
    if char == '"' then
      stop = skip_string(text, at)
      add(text:sub(at, stop - 1))
    elseif char == "{" or char == "[" then
      local closing, after = text:match("^%s*([%]}])()", at + 1)
      if closing then
        stop = after
        add(char .. closing)
      else
        depth = depth + 1
        add(char)
        new_line()
      end
    elseif char == "}" or char == "]" then
      depth = depth - 1
      new_line()
      add(char)
    elseif char == "," then
      add(char)
      new_line()
    elseif char == ":" then
      add ": "
    else
      stop = text:find("[%s,%]}]", at) or #text + 1
      add(text:sub(at, stop - 1))
    end
    at = stop or at + 1
  end
end

return layout
