# Completion of walkback in fish:
#     walkback completion fish | source

complete -c walkback -a '(command walkback completion words -- (commandline -opc) (commandline -ct) 2>/dev/null)'
