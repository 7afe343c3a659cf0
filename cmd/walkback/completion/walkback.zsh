#compdef walkback
# Completion of walkback in zsh, once compinit has run:
#     . <(walkback completion zsh)

_walkback() {
	local -a replies whole parts
	replies=("${(@f)$(command walkback completion words -- "${(Q@)words[1,CURRENT]}" 2>/dev/null)}")
	replies=("${(@)replies:#}")
	whole=("${(@)replies:#*/}")
	parts=("${(@M)replies:#*/}")
	(( $#whole )) && compadd -- "${whole[@]}"
	(( $#parts )) && compadd -S '' -- "${parts[@]}"
	(( $#replies )) || _files
}

compdef _walkback walkback
