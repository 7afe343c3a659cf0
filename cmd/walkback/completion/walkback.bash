# Completion of walkback in bash:
#     . <(walkback completion bash)

_walkback() {
	local line=${COMP_LINE:0:COMP_POINT} IFS=$' \t\n' typed reply colons i
	local -a words
	COMPREPLY=()
	case $line in
	*[\'\"\`\$]*) return ;; # what the shell would make of it is not known here
	esac
	read -a words <<<"$line" # takes the backslashes off
	typed=${line##*[!\\][[:space:]]}
	[[ $line == *[!\\][[:space:]] ]] && words+=("") typed=
	# Bash takes ":" and "=" for the ends of words: what is before them stays.
	colons=${typed//[!:=]/}
	[[ $COMP_WORDBREAKS == *:* ]] || colons=${colons//:/}
	[[ $COMP_WORDBREAKS == *=* ]] || colons=${colons//=/}
	while IFS= read -r reply; do
		printf -v reply %q "$reply" # no address may be taken for a command
		for ((i = 0; i < ${#colons}; i++)); do
			reply=${reply#*"${colons:i:1}"}
		done
		COMPREPLY+=("$reply")
	done < <(command walkback completion words -- "${words[@]}" 2>/dev/null)
	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then
		compopt -o nospace 2>/dev/null
	fi
}

complete -o default -F _walkback walkback
