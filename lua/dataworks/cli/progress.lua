-- Shows the steps of a long command on standard error. On a terminal, one line shows the present step and its elapsed
-- time. Elsewhere, each step is a line of its own.

local core = require "dataworks.core"
local texts = require "dataworks.util.text"

local M = {}

---@class dataworks.cli.Progress
local Progress = {}
Progress.__index = Progress

local BAR_WIDTH = 20

--- Returns a bar and a percentage; "" if there is no total.
local function bar(done, total)
  if not total or total <= 0 then
    return ""
  end
  local filled = math.floor(math.min(done / total, 1) * BAR_WIDTH)
  return (" [%s%s] %d/%d"):format(("#"):rep(filled), ("."):rep(BAR_WIDTH - filled), done, total)
end

--- Shows a step, or the progress within it.
---@param text string
---@param done? number
---@param total? number
---@param rest? string the end of the live line; default: the elapsed time
function Progress:step(text, done, total, rest)
  if self.quiet then
    return
  end
  text = texts.escape(text)
  if text ~= self.text then
    self:finish()
    self.text, self.started = text, self.clock()
    if not self.live then
      self.file:write(text, "\n")
    end
  end
  if self.live then
    local elapsed = self.clock() - self.started
    local line = ("%s%s %s"):format(text, bar(done, total), rest or core.decimal(elapsed, 1) .. " s")
    self.file:write("\r", line:sub(1, texts.cut_length(line, self.live - 1)), "\27[K")
    self.shown = true
  end
  self.file:flush()
end

--- Shows a count that grows, on a terminal only.
---@param text string
---@param done number
---@param total? number
function Progress:count(text, done, total)
  if self.live then
    self:step(text .. (total and "" or (": %d"):format(done)), done, total)
  end
end

--- Shows a line that stays.
---@param line string
function Progress:notice(line)
  if not self.quiet then
    self.file:write(self.shown and "\r\27[K" or "", texts.escape(line), "\n")
    self.file:flush()
    self.shown = false
  end
end

--- Shows a line that stays, on a terminal only.
---@param line string
function Progress:note(line)
  if self.live then
    self:notice(line)
  end
end

--- Ends the live line, so that other text can follow.
function Progress:finish()
  if self.shown then
    self.file:write "\n"
  end
  self.shown, self.text = false, nil
end

---@param file file*
---@param columns integer|nil the width of the terminal; nil if the file is not a terminal
---@param quiet boolean
---@return dataworks.cli.Progress
function M.new(file, columns, quiet)
  return setmetatable({ file = file, live = columns, quiet = quiet, clock = core.clock }, Progress)
end

return M
