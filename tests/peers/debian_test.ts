import { assertEquals } from "@std/assert";
import { parseDeb822, parseSourcesList } from "./debian.ts";

Deno.test("parseDeb822() finds the mirrors of Debian's own suites", () => {
  const text = `# Debian
Types: deb deb-src
URIs: http://one.example/debian
  https://two.example/debian
Suites: bookworm bookworm-updates
# with a comment inside
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://disabled.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: cdrom://disc http://three.example/debian
Suites: stable
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
URIs: https://packages.example
Suites: nodistro
Components: main
`;
  const signedBy = " /usr/share/keyrings/debian-archive-keyring.gpg";
  const key = `
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mQINBF
 -----END PGP PUBLIC KEY BLOCK-----`;
  assertEquals(parseDeb822(text, "bookworm"), [
    { uri: "http://one.example/debian", signedBy },
    { uri: "https://two.example/debian", signedBy },
    { uri: "http://three.example/debian", signedBy: key },
  ]);
});

Deno.test("parseSourcesList() finds the mirrors of Debian's own suites", () => {
  const text = `# deb http://comment.example/debian bookworm main
deb http://one.example/debian bookworm main contrib # with a comment
deb [ arch=amd64 signed-by=/usr/share/keyrings/two.gpg ] https://two.example/debian/ stable main
deb-src http://source.example/debian bookworm main
deb http://security.example/debian-security bookworm-security main
deb [arch=amd64] https://docker.example/linux/debian bookworm stable
deb cdrom:[Debian 12]/ bookworm main
`;
  assertEquals(parseSourcesList(text, "bookworm"), [
    { uri: "http://one.example/debian", signedBy: undefined },
    { uri: "https://two.example/debian/", signedBy: " /usr/share/keyrings/two.gpg" },
  ]);
});
