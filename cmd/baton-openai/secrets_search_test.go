package main

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	formatv3 "github.com/conductorone/baton-sdk/pkg/dotc1z/format/v3"
	"github.com/stretchr/testify/require"
)

// The parts after the prefixes differ, so that a found part belongs to one key.
const (
	secretAdminKey   = "sk-admin-Hq7Zb1Xy9LcR0Kd3vWm5Tq2nPf8sGj4u"
	secretListed     = "sk-admin-Jr4Ub8Mz2QeX6Ct1wLk9Vn5oSg3dHy7p"
	secretProjectKey = "sk-proj-Tw5Ea9Nf3RiB7Oy2xKm8Pv6hDl1sZc4g"
	secretAccountKey = "sk-svcacct-Yx6Gc0Lh4SjD8Uq3zIn7Bt9kWe2oMr5v"
	secretOfNoKind   = "Dv8Ki2Qx5ZmF9Wu4yBo1Ns7cRj3gTh6l"
)

// secretPart is longer than the parts of a key that the API itself shows.
const secretPart = 6

// requireNoSecret checks that the content has no part of a secret.
func requireNoSecret(t *testing.T, name string, content []byte) {
	t.Helper()
	for _, secret := range []string{secretAdminKey, secretListed, secretProjectKey, secretAccountKey, secretOfNoKind} {
		body := secret[strings.LastIndex(secret, "-")+1:]
		for at := range len(body) - secretPart + 1 {
			part := body[at : at+secretPart]
			if found := bytes.Index(content, []byte(part)); found >= 0 {
				around := content[max(0, found-300):min(len(content), found+100)]
				require.Failf(t, "a secret shows", "%q of %q in %s: … %q …", part, secret, name, around)
			}
		}
	}
}

// requireNoSecretBelow searches every file, and the unpacked content of c1z files, which it returns.
func requireNoSecretBelow(t *testing.T, directory string) []byte {
	t.Helper()
	requireNoSecretInFilesOf(t, directory)
	var unpacked []byte
	for _, path := range filesBelow(t, directory) {
		if filepath.Ext(path) != ".c1z" {
			continue
		}
		inside := unpack(t, path)
		requireNoSecret(t, path+", unpacked,", inside)
		unpacked = append(unpacked, inside...)
	}
	return unpacked
}

// requireNoSecretInFilesOf searches every file without unpacking it. A running process may remove files meanwhile.
func requireNoSecretInFilesOf(t *testing.T, directory string) {
	t.Helper()
	for _, path := range filesBelow(t, directory) {
		content, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		requireNoSecret(t, path, content)
	}
}

func filesBelow(t *testing.T, directory string) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			paths = append(paths, path)
		}
		if os.IsNotExist(err) {
			return nil
		}
		return err
	})
	require.NoError(t, err)
	return paths
}

// unpack returns the content of a c1z file: the database of SQLite, including deleted rows, or every row of Pebble.
func unpack(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	if bytes.HasPrefix(content, []byte("C1ZF")) {
		decoder, err := dotc1z.NewDecoder(bytes.NewReader(content))
		require.NoError(t, err)
		defer func() { require.NoError(t, decoder.Close()) }()
		var inside bytes.Buffer
		_, err = inside.ReadFrom(decoder)
		require.NoError(t, err)
		return inside.Bytes()
	}
	file, err := os.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	directory := t.TempDir()
	_, _, err = formatv3.ExtractEnvelopePayload(file, directory)
	require.NoError(t, err)
	return rowsOfPebble(t, directory)
}

// rowsOfPebble returns every key and value, which are compressed on the disk.
func rowsOfPebble(t *testing.T, directory string) []byte {
	t.Helper()
	database, err := pebble.Open(directory, &pebble.Options{ReadOnly: true, Logger: testLogger{t}})
	require.NoError(t, err)
	defer func() { require.NoError(t, database.Close()) }()
	rows, err := database.NewIter(nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	var inside []byte
	for isThere := rows.First(); isThere; isThere = rows.Next() {
		value, err := rows.ValueAndErr()
		require.NoError(t, err)
		inside = append(append(inside, rows.Key()...), value...)
	}
	require.NoError(t, rows.Error())
	return inside
}

type testLogger struct{ *testing.T }

func (l testLogger) Infof(string, ...any)              {}
func (l testLogger) Errorf(format string, args ...any) { l.T.Errorf(format, args...) }
func (l testLogger) Fatalf(format string, args ...any) { l.T.Fatalf(format, args...) }
