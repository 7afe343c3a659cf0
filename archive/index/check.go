package index

import (
	"encoding/binary"
	"hash/crc32"
)

// castagnoli is the table of CRC-32C; it is only read.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum is the CRC-32C of fields, each after its length or in eight bytes. It
// finds damage, not malice: whoever can write the file can write what it says.
func sum(fields ...any) int64 {
	var b []byte
	for _, field := range fields {
		switch field := field.(type) {
		case int64:
			b = binary.BigEndian.AppendUint64(b, uint64(field))
		case bool:
			bit := byte(0)
			if field {
				bit = 1
			}
			b = append(b, bit)
		case string:
			b = append(binary.AppendUvarint(b, uint64(len(field))), field...)
		case []byte:
			b = append(binary.AppendUvarint(b, uint64(len(field))), field...)
		default:
			panic("index: a field of a kind that no row has")
		}
	}
	return int64(crc32.Checksum(b, castagnoli))
}
