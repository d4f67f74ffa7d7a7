import assert from "node:assert/strict";
import { isPrivateAddress } from "../../services/content-fetcher/http/private-address.ts";

describe("private addresses", () => {
  const PRIVATE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:a00:1",
    "::ffff:192.168.0.1",
    "::10.0.0.1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
    "2001:0:0:0:0:0:a00:1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "ff02::1",
  ];
  for (const address of PRIVATE) it(`has ${address}`, () => assert.equal(isPrivateAddress(address), true));

  const PUBLIC = [
    "1.1.1.1",
    "9.255.255.255",
    "11.0.0.0",
    "100.128.0.1",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "223.255.255.255",
    "::ffff:1.1.1.1",
    "2606:4700:4700::1111",
    "2a02:ec80:300:ed1a::1",
  ];
  for (const address of PUBLIC)
    it(`has not ${address}`, () => assert.equal(isPrivateAddress(address), false));

  it("takes nothing but addresses", () => assert.throws(() => isPrivateAddress("localhost")));
});
