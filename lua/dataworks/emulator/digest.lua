-- Digests and random bytes from libcrypto, which nginx has loaded. LuaJIT's FFI calls it, so that the emulator needs no
-- compiled Lua module inside nginx.

local ffi = require "ffi"

ffi.cdef([[
typedef struct evp_md_st EVP_MD;
const EVP_MD *EVP_get_digestbyname(const char *name);
int EVP_Digest(const void *data, size_t count, unsigned char *md, unsigned int *size, const EVP_MD *type,
               void *engine);
unsigned char *HMAC(const EVP_MD *type, const void *key, int key_len, const unsigned char *data, size_t count,
                    unsigned char *md, unsigned int *md_len);
int RAND_bytes(unsigned char *buf, int num);
]])

local M = {}

local MAX_DIGEST_BYTES = 64

--- Returns the libcrypto of this process. If the process has none, loads it.
local function find_crypto()
  local is_loaded = pcall(function() return ffi.C.EVP_Digest end)
  if is_loaded then
    return ffi.C
  end
  for _, name in ipairs({ "libcrypto.so.3", "libcrypto.so.1.1", "crypto" }) do
    local ok, library = pcall(ffi.load, name)
    if ok then
      return library
    end
  end
  error("libcrypto was not found", 0)
end

local crypto = find_crypto()
local buffer, size = ffi.new("unsigned char[?]", MAX_DIGEST_BYTES), ffi.new("unsigned int[1]")

--- Returns libcrypto's object for a digest. Raises an error if libcrypto lacks the digest.
local function find_digest(name)
  local found = crypto.EVP_get_digestbyname(name)
  return found ~= nil and found or error("libcrypto has no digest " .. name, 0)
end

function M.digest(name, data)
  if crypto.EVP_Digest(data, #data, buffer, size, find_digest(name), nil) ~= 1 then
    error("EVP_Digest failed", 0)
  end
  return ffi.string(buffer, size[0])
end

--- Returns the HMAC of some data.
---@param name "sha1"|"sha256"|"sm3" the digest that the HMAC uses
function M.hmac(name, key, data)
  if crypto.HMAC(find_digest(name), key, #key, data, #data, buffer, size) == nil then
    error("HMAC failed", 0)
  end
  return ffi.string(buffer, size[0])
end

--- Returns random bytes that are safe for secrets.
function M.random(count)
  local bytes = ffi.new("unsigned char[?]", count)
  if crypto.RAND_bytes(bytes, count) ~= 1 then
    error("RAND_bytes failed", 0)
  end
  return ffi.string(bytes, count)
end

return M
