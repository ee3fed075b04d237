-- Decompresses gzip inside nginx. Calls zlib, to which nginx is linked, through LuaJIT's FFI.

local M = {}

-- The number of bytes to decompress in one step. The size limit is checked after each step.
local BLOCK = 64 * 1024

-- zlib's parameter windowBits: a window of 15 bits, plus 16 for the format gzip.
local GZIP_WINDOW = 15 + 16
local NO_FLUSH, OK, STREAM_END, MEMORY = 0, 0, 1, -4

local ffi, zlib

--- Returns whether zlib can be used. Loads zlib at the first call.
function M.is_available()
  if ffi == nil then
    local ok, found = pcall(require, "ffi")
    ffi = ok and found or false
    if ffi then
      -- All modules of a LuaJIT share their declarations, so these names differ from zlib's: another library may have
      -- declared zlib's own names. The pcall ignores the error if this module is loaded twice and declares them again.
      pcall(ffi.cdef, [[
        typedef struct dataworks_z_stream {
          const unsigned char *next_in; unsigned avail_in; unsigned long total_in;
          unsigned char *next_out; unsigned avail_out; unsigned long total_out;
          const char *msg; void *state; void *zalloc; void *zfree; void *opaque;
          int data_type; unsigned long adler; unsigned long reserved;
        } dataworks_z_stream;
        const char *dataworks_zlib_version(void) __asm__("zlibVersion");
        int dataworks_inflate_init(dataworks_z_stream *, int, const char *, int) __asm__("inflateInit2_");
        int dataworks_inflate(dataworks_z_stream *, int) __asm__("inflate");
        int dataworks_inflate_end(dataworks_z_stream *) __asm__("inflateEnd");
      ]])
      ok, found = pcall(ffi.load, "libz.so.1")
      zlib = ok and found or nil
    end
  end
  return zlib ~= nil
end

local function run(stream, text, max_bytes)
  local out = ffi.new("unsigned char[?]", BLOCK)
  local pieces, have, status = {}, 0, OK
  stream.next_in, stream.avail_in = text, #text
  while status == OK do
    stream.next_out, stream.avail_out = out, BLOCK
    status = zlib.dataworks_inflate(stream, NO_FLUSH)
    local size = BLOCK - stream.avail_out
    pieces[#pieces + 1], have = ffi.string(out, size), have + size
    if have > max_bytes then
      return nil, ("the reply is larger than %d bytes"):format(max_bytes)
    elseif status == OK and size == 0 then
      break
    end
  end
  if status == MEMORY then
    return nil, "not enough memory"
  elseif status ~= STREAM_END or stream.avail_in > 0 then
    return nil, "the reply's gzip is damaged or incomplete"
  end
  return table.concat(pieces)
end

--- Decompresses a text in the format gzip. is_available() must have returned true before.
---@param max_bytes integer the largest allowed size of the result
function M.gunzip(text, max_bytes)
  local stream = ffi.new "dataworks_z_stream"
  if zlib.dataworks_inflate_init(stream, GZIP_WINDOW, zlib.dataworks_zlib_version(), ffi.sizeof(stream)) ~= OK then
    return nil, "not enough memory"
  end
  local ok, inflated, message = pcall(run, stream, text, max_bytes)
  zlib.dataworks_inflate_end(stream)
  if not ok then
    return nil, "not enough memory"
  end
  return inflated, message
end

--- Decodes the body of a reply.
---@param coding string|nil the reply's header Content-Encoding
---@param max_bytes integer the largest allowed size of the result
function M.decode(body, coding, max_bytes)
  coding = (coding or "identity"):lower()
  if coding == "identity" or body == "" then
    return body
  elseif (coding == "gzip" or coding == "x-gzip") and M.is_available() then
    return M.gunzip(body, max_bytes)
  end
  return nil, "the reply has a Content-Encoding that was not asked for"
end

return M
