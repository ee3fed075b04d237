-- A buffered stream of bytes that yields lines and blocks of a given length, in bounded memory.

local M = {}

M.MAX_HEADERS = 128
M.MAX_HEADER_BYTES = 64 * 1024

---@class dataworks.ReplyFailure
---@field why "malformed"|"lost"
---@field message string
---@field error? string the error of `fill`, when lost

---@class dataworks.ReplySource
---@field fill fun(): string|nil, string|nil the next bytes; or nil and an error, "closed" at the end of the stream
---@field buffer string
---@field position integer of the first unread byte in the buffer
---@field header_bytes_left integer for heads and trailers
---@field headers_left integer
---@field has_final_status boolean whether a status line of 200 or above was read
local Source = {}
Source.__index = Source

-- These end the reading of a reply: http1.read returns what they raise.

function M.malformed(message)
  error({ why = "malformed", message = message }, 0)
end

function M.lost(err, message)
  error({ why = "lost", error = err, message = message }, 0)
end

---@param fill fun(): string|nil, string|nil
---@return dataworks.ReplySource
function M.new(fill)
  return setmetatable({
    fill = fill, buffer = "", position = 1, header_bytes_left = M.MAX_HEADER_BYTES, headers_left = M.MAX_HEADERS,
    has_final_status = false,
  }, Source)
end

---@return integer bytes in the buffer
function Source:unread()
  return #self.buffer - self.position + 1
end

--- Returns the unread part of the buffer and empties it.
---@return string
function Source:drain()
  local rest = self.buffer:sub(self.position)
  self.buffer, self.position = "", 1
  return rest
end

--- The bytes up to the next line break, with it. They are joined once, however many pieces they arrive in.
---@return string|nil bytes
---@return string|nil err of `fill`; nil when the line is longer than the limit
local function take_line(self)
  local pieces, length = nil, 0
  while true do
    local first, stop = self.position, self.buffer:find("\n", self.position, true)
    length = length + (stop or #self.buffer) - first + 1
    if length > self.header_bytes_left then
      return nil
    elseif stop then
      self.position, self.header_bytes_left = stop + 1, self.header_bytes_left - length
      local piece = self.buffer:sub(first, stop)
      return pieces and table.concat(pieces) .. piece or piece
    end
    pieces = pieces or {}
    pieces[#pieces + 1] = self:drain()
    local more, err = self.fill()
    if not more then
      self.buffer = table.concat(pieces)
      return nil, err
    end
    self.buffer = more
  end
end

--- Reads a line that ends with CR LF.
---@param part string of the reply, for messages
---@param nothing? string the message when there is no byte of the line
---@return string line without CR LF
function Source:line(part, nothing)
  local line, err = take_line(self)
  if err then
    M.lost(err, self:unread() == 0 and nothing or ("the reply ends within its %s"):format(part))
  elseif not line then
    M.malformed(("the reply's headers are larger than %d bytes"):format(M.MAX_HEADER_BYTES))
  elseif line:sub(-2) ~= "\r\n" then
    M.malformed(("a line of the reply's %s does not end with CR LF"):format(part))
  end
  return line:sub(1, -3)
end

---@param length integer
---@return string bytes exactly `length` of them
function Source:take(length)
  local have = self:unread()
  if have >= length then
    local first = self.position
    self.position = first + length
    return self.buffer:sub(first, self.position - 1)
  end
  local pieces = { self:drain() }
  while have < length do
    local more, err = self.fill()
    if not more then
      M.lost(err, ("the reply ends after %d of %d bytes"):format(have, length))
    end
    self.buffer, self.position = more, math.min(#more, length - have) + 1
    pieces[#pieces + 1], have = more:sub(1, self.position - 1), have + #more
  end
  return table.concat(pieces)
end

return M
