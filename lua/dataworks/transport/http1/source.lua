-- A buffered stream of bytes, from which lines and blocks of a given length can be read. The memory that it uses is
-- limited.

local M = {}

M.MAX_HEADERS = 128
M.MAX_HEADER_BYTES = 64 * 1024

---@class dataworks.ReplyFailure
---@field why "malformed"|"lost"
---@field message string
---@field error? string the error that `fill` returned, if `why` is "lost"

---@class dataworks.ReplySource
---@field fill fun(): string|nil, string|nil returns the next bytes, or nil and an error. The error at the end of the
---  stream is "closed".
---@field buffer string
---@field position integer the position of the first unread byte in the buffer
---@field header_bytes_left integer how many more bytes heads and trailers may have
---@field headers_left integer how many more headers the reply may have
---@field has_final_status boolean whether a status line of 200 or above was read
local Source = {}
Source.__index = Source

--- Raises the failure of a malformed reply. http1.read catches and returns it.
function M.raise_malformed(message)
  error({ why = "malformed", message = message }, 0)
end

--- Raises the failure of a reply whose remaining bytes can't be read. http1.read catches and returns it.
---@param err string the error of `fill`
function M.raise_lost(err, message)
  error({ why = "lost", error = err, message = message }, 0)
end

function M.new(fill)
  return setmetatable({
    fill = fill, buffer = "", position = 1, header_bytes_left = M.MAX_HEADER_BYTES, headers_left = M.MAX_HEADERS,
    has_final_status = false,
  }, Source)
end

function Source:count_unread()
  return #self.buffer - self.position + 1
end

function Source:take_unread()
  local rest = self.buffer:sub(self.position)
  self.buffer, self.position = "", 1
  return rest
end

--- Returns the bytes up to the next line break, including the line break. Joins the pieces of a line only once, so that
--- the time is linear in the length of the line.
---@return string|nil bytes
---@return string|nil err the error of `fill`; nil if the line is longer than the limit
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
    pieces[#pieces + 1] = self:take_unread()
    local more, err = self.fill()
    if not more then
      self.buffer = table.concat(pieces)
      return nil, err
    end
    self.buffer = more
  end
end

--- Checks that the next bytes are `text`. Fails at the first other byte, without waiting for the end of a line.
---@param message string of the failure if they are other bytes
---@param nothing string the message if the stream ends before the first byte
function Source:expect(text, message, nothing)
  while true do
    local have = self.buffer:sub(self.position, self.position + #text - 1)
    if have ~= text:sub(1, #have) then
      M.raise_malformed(message)
    elseif #have == #text then
      return
    end
    local more, err = self.fill()
    if not more then
      M.raise_lost(err, have == "" and nothing or "the reply ends within its headers")
    end
    self.buffer, self.position = self:take_unread() .. more, 1
  end
end

--- Reads a line that ends with CR LF.
---@param part string what messages call this part of the reply
---@return string line without CR LF
function Source:read_line(part)
  local line, err = take_line(self)
  if err then
    M.raise_lost(err, ("the reply ends within its %s"):format(part))
  elseif not line then
    M.raise_malformed(("the reply's headers are larger than %d bytes"):format(M.MAX_HEADER_BYTES))
  elseif line:sub(-2) ~= "\r\n" then
    M.raise_malformed(("a line of the reply's %s does not end with CR LF"):format(part))
  end
  return line:sub(1, -3)
end

function Source:read_bytes(length)
  local have = self:count_unread()
  if have >= length then
    local first = self.position
    self.position = first + length
    return self.buffer:sub(first, self.position - 1)
  end
  local pieces = { self:take_unread() }
  while have < length do
    local more, err = self.fill()
    if not more then
      M.raise_lost(err, ("the reply ends after %d of %d bytes"):format(have, length))
    end
    self.buffer, self.position = more, math.min(#more, length - have) + 1
    pieces[#pieces + 1], have = more:sub(1, self.position - 1), have + #more
  end
  return table.concat(pieces)
end

return M
