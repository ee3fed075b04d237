-- Makes the certificates of the servers of specs.

local shell = require "spec.support.shell"

local M = {}

local CERTIFICATES = [[
set -e
cd %s
new="openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
signed="openssl req -x509 -key key.pem -CA ca.pem -CAkey ca.key -days 2"
$new -keyout ca.key -out ca.pem -subj /CN=test-authority
$new -keyout key.pem -out self_signed.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost
$signed -out good.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost,DNS:service.test,DNS:service.localhost
$signed -out other_name.pem -subj /CN=other.test -addext subjectAltName=DNS:other.test
openssl req -new -key key.pem -out expired.csr -subj /CN=localhost
echo subjectAltName=DNS:localhost >expired.ext
openssl x509 -req -in expired.csr -CA ca.pem -CAkey ca.key -days -1 -extfile expired.ext -out expired.pem
$new -CA ca.pem -CAkey ca.key -keyout client.key -out client.pem -subj /CN=client
$new -keyout stranger.key -out stranger.pem -subj /CN=stranger
openssl ec -in client.key -aes256 -passout pass:key-password -out locked.key
cat client.pem client.key >both.pem]]

--- Makes a certificate authority, certificates of servers, and certificates of clients in a directory. The servers share
--- one key. The file locked.key holds a client's key with a password.
function M.make(directory)
  shell.output(CERTIFICATES:format(directory))
end

return M
