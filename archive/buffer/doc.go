// Package buffer holds contents that may be too large for memory: in memory
// while they are small and few, else in temporary files. How much memory all of
// them take together does not depend on how large or how many they are.
//
// A file is made in the folder of its [Pool] under the name walkback-buffer.<random>
// and loses that name at once where the system allows it (not on Windows), so
// that it is gone with the process, however that ends. What a killed process
// leaves all the same, [Pool.Clean] removes.
package buffer
