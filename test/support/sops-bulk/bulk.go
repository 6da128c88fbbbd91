package main

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"os"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/age"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/keyservice"
	"github.com/getsops/sops/v3/keys"
	"github.com/getsops/sops/v3/stores/json"
	"github.com/getsops/sops/v3/stores/yaml"
)

// A part that is laid over sops' own cmd/sops when it is built for tests (build.sh): many documents a process, by the functions that
// `sops encrypt` and `sops decrypt` call. Ten thousand processes would take half an hour.
//
//	sops-bulk bulk version
//	sops-bulk bulk decrypt                  a sealed YAML file a line, in base64 -> the document as JSON, in base64
//	sops-bulk bulk encrypt RECIPIENT REGEX  a YAML document a line, in base64 -> the sealed file, in base64
//
// A document that sops refuses gives the line "error: ...".
func init() {
	if len(os.Args) < 3 || os.Args[1] != "bulk" {
		return
	}
	if os.Args[2] == "version" {
		fmt.Println("sops-bulk of sops 3.13.3")
		os.Exit(0)
	}
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	for {
		line, end := in.ReadString('\n')
		if len(line) > 1 {
			result, err := one(line[:len(line)-1])
			if err != nil {
				fmt.Fprintf(out, "error: %q\n", err.Error())
			} else {
				fmt.Fprintln(out, base64.StdEncoding.EncodeToString(result))
			}
		}
		if end != nil {
			break
		}
	}
	out.Flush()
	os.Exit(0)
}

func one(line string) ([]byte, error) {
	document, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		return nil, err
	}
	// What reads a file from stdin reads this.
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	go func() {
		writer.Write(document)
		writer.Close()
	}()
	os.Stdin = reader
	services := []keyservice.KeyServiceClient{keyservice.NewLocalClient()}
	files := yaml.NewStore(&config.YAMLStoreConfig{Indent: 4})
	if os.Args[2] == "decrypt" {
		return decrypt(decryptOpts{
			Cipher:        aes.NewCipher(),
			InputStore:    files,
			OutputStore:   json.NewStore(&config.JSONStoreConfig{}),
			InputPath:     "cacerts.sops.yaml",
			ReadFromStdin: true,
			KeyServices:   services,
		})
	}
	recipient, err := age.MasterKeyFromRecipient(os.Args[3])
	if err != nil {
		return nil, err
	}
	return encrypt(encryptOpts{
		Cipher:        aes.NewCipher(),
		InputStore:    files,
		OutputStore:   files,
		InputPath:     "cacerts.sops.yaml",
		ReadFromStdin: true,
		KeyServices:   services,
		encryptConfig: encryptConfig{
			EncryptedRegex: os.Args[4],
			KeyGroups:      []sops.KeyGroup{[]keys.MasterKey{recipient}},
		},
	})
}
