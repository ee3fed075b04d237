-- Digests and random bytes from libcrypto, which nginx has loaded. LuaJIT's FFI calls it, so that the emulator needs no
-- compiled Lua module inside nginx.

local ffi = require "ffi"

ffi.cdef([[
typedef struct evp_md_st EVP_MD;
typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct hmac_ctx_st HMAC_CTX;
const EVP_MD *EVP_get_digestbyname(const char *name);
EVP_MD *EVP_MD_fetch(void *library, const char *name, const char *properties);
EVP_MD_CTX *EVP_MD_CTX_new(void);
int EVP_DigestInit_ex(EVP_MD_CTX *ctx, const EVP_MD *type, void *engine);
int EVP_DigestUpdate(EVP_MD_CTX *ctx, const void *data, size_t count);
int EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *md, unsigned int *size);
HMAC_CTX *HMAC_CTX_new(void);
int HMAC_Init_ex(HMAC_CTX *ctx, const void *key, int len, const EVP_MD *type, void *engine);
int HMAC_Update(HMAC_CTX *ctx, const unsigned char *data, size_t count);
int HMAC_Final(HMAC_CTX *ctx, unsigned char *md, unsigned int *size);
int RAND_bytes(unsigned char *buf, int num);
]])

local M = {}

local MAX_DIGEST_BYTES = 64
local POOL_BYTES = 4096

--- Returns the libcrypto of this process. If the process has none, loads it.
local function find_crypto()
  local is_loaded = pcall(function() return ffi.C.EVP_DigestUpdate end)
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

local digest_context, hmac_context = crypto.EVP_MD_CTX_new(), crypto.HMAC_CTX_new()

--- libcrypto's objects for digests, by name. OpenSSL 3 searches for an object at each use unless it was fetched.
local digests = {}

--- Returns libcrypto's object for a digest. Raises an error if libcrypto lacks the digest.
local function find_digest(name)
  if not digests[name] then
    local can_fetch, found = pcall(function() return crypto.EVP_MD_fetch(nil, name, nil) end)
    found = can_fetch and found or crypto.EVP_get_digestbyname(name)
    digests[name] = found ~= nil and found or error("libcrypto has no digest " .. name, 0)
  end
  return digests[name]
end

local function check(result)
  if result ~= 1 then
    error("libcrypto failed", 0)
  end
end

--- Adds a text, or a list of texts, to a digest or an HMAC. LuaJIT's hash covers only some bytes of a long string, so
--- that similar long strings are slow to create. A list needs no string for the whole.
local function update(add, context, data)
  if type(data) == "string" then
    return check(add(context, data, #data))
  end
  for i = 1, #data do
    check(add(context, data[i], #data[i]))
  end
end

---@param data string|string[]
function M.digest(name, data)
  check(crypto.EVP_DigestInit_ex(digest_context, find_digest(name), nil))
  update(crypto.EVP_DigestUpdate, digest_context, data)
  check(crypto.EVP_DigestFinal_ex(digest_context, buffer, size))
  return ffi.string(buffer, size[0])
end

--- Returns the HMAC of some data.
---@param name "sha1"|"sha256"|"sm3" the digest that the HMAC uses
---@param data string|string[]
function M.hmac(name, key, data)
  check(crypto.HMAC_Init_ex(hmac_context, key, #key, find_digest(name), nil))
  update(crypto.HMAC_Update, hmac_context, data)
  check(crypto.HMAC_Final(hmac_context, buffer, size))
  return ffi.string(buffer, size[0])
end

local pool, used = ffi.new("unsigned char[?]", POOL_BYTES), POOL_BYTES

--- Returns random bytes that are safe for secrets. Takes them from a pool, because a call of RAND_bytes takes as long
--- for few bytes as for many.
---@param count integer at most POOL_BYTES
function M.random(count)
  if used + count > POOL_BYTES then
    check(crypto.RAND_bytes(pool, POOL_BYTES))
    used = 0
  end
  used = used + count
  return ffi.string(pool + used - count, count)
end

return M
